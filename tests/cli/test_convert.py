"""TAKEN: another helper writes tests/cli/*, tests/test_interruption.py (kill, crash, hang, memory), converter/testing/ and tests/test_testing.py right now. Not yours."""
