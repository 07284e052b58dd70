"""The ways in which a person is told: in the app (a row) and by e-mail."""
