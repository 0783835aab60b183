"""What an end costs: its price by component (EXIT-3, EXIT-5), redundancy and estimates."""
