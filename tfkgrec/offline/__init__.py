"""What is done with a finished run or an export without a server."""
