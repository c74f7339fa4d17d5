"""What every other room stands on: definitions that all of them share."""
