"""The copy of the registry's facts that every hearer keeps."""
