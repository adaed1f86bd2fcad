"""One file for each server and protocol; every file of this folder is read."""
