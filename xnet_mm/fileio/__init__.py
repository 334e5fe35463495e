"""The ground floor: files whole or not there, checkpoints read as data."""
