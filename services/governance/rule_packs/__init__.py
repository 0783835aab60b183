"""The rule packs of governance, as answers name them: law, catalogues, reasons and periods. Publishes nothing."""
