"""A service put together: settings, application, command line, routes that every service has."""
