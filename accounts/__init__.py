"""Users, units, memberships, permissions and the log of readings: the ground floor."""
