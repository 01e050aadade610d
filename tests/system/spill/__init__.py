"""An app that spills secrets into the log as faulty code would; only test_log.py installs it."""
