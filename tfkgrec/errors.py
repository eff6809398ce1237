"""The one exception for bad input: its text is the whole message a person sees."""


class InputError(ValueError):
    """Bad config, data or arguments.

    The message is one line: where (file, line or key), what was expected, what was found.
    Command-line tools print it to stderr and exit with status 2; library users catch it as a `ValueError`.
    """
