"""The top floor: settings, addresses, the engines and the launcher. Nobody imports it."""
