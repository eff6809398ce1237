"""Beam's runners by name."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tfkgrec.errors import InputError
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    import apache_beam as beam


def import_beam(runner: str) -> Any:
    """Apache Beam, without its talk of Google's clients, which are not needed elsewhere; `runner` asked for it."""
    with quiet_import():
        logging.getLogger().addFilter(_is_news)
        try:
            import apache_beam
        except ImportError:
            wanted = "expected Apache Beam, found none: pip install 'tfkgrec[beam]'"
            raise InputError(f"--runner {runner}: {wanted}") from None
        finally:
            logging.getLogger().removeFilter(_is_news)
    return apache_beam


@contextmanager
def pipeline_on(runner: str, options: Sequence[str] = ()) -> Iterator["beam.Pipeline"]:
    """A pipeline that runs when the block ends, and is waited for.

    Args:
        runner: one of `arguments.RUNNERS`.
        options: Beam's own, as its command line has them: `--flink_master=host:8081`.

    Raises:
        InputError: Beam is not installed.
    """
    beam = import_beam(runner)
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    # Beam's own choice for DirectRunner first tries to download a server, Prism, and ends up with this one here.
    chosen = FnApiRunner() if runner == "DirectRunner" else runner
    logging.getLogger().addFilter(_is_news)
    try:
        with beam.Pipeline(chosen, options=PipelineOptions(list(options))) as pipeline:
            yield pipeline
    finally:
        logging.getLogger().removeFilter(_is_news)


NO_NEWS = ("Resource module is not available", "apitools not found")


def _is_news(record: logging.LogRecord) -> bool:
    """Not that RunInference cannot measure memory here, nor that Google's clients are missing."""
    return not record.getMessage().startswith(NO_NEWS)
