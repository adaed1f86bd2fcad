"""The parts of tools/record; see README here."""
