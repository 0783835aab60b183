"""What every service is made of: settings, application, command line and the routes common to all."""
