"""Tests of the daemon: real engines and stores over fake chains."""
