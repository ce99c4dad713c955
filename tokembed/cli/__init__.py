"""The command `tokembed`: one file a command."""

from __future__ import annotations

import errno
import os
import signal
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import tokembed
from tokembed.cli import (
    analogy,
    compare,
    convert,
    decode,
    embed,
    evaluate,
    explain,
    info,
    methods,
    neighbors,
    plot,
    similarity,
    stats,
    tokenize,
    train,
)
from tokembed.cli.output import tell
from tokembed.errors import TokembedError

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
INTERRUPTED, TERMINATED = 130, 143
_unread: list[BrokenPipeError] = []
EPILOG = 'Try: tokembed compare -c "아침 먹고 학교를 갑니다"'


class Commands(TyperGroup):
    """The commands; what a user can mend becomes one line on stderr and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except TokembedError as error:
            tell(str(error))
            raise typer.Exit(error.status) from error
        except BrokenPipeError as error:  # the reader has seen enough, as `head` has
            _let_stdout_go()
            _unread.append(error)
            raise typer.Exit(0) from error
        except MemoryError as error:
            tell(f"there must be enough memory: {error or 'it ran out'}; give less text or a smaller --dim")
            raise typer.Exit(1) from error
        except OSError as error:
            if error.errno not in _CANNOT_WRITE:
                raise
            _let_stdout_go()
            tell(f"the output cannot be written: {error.strerror}")
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Commands,
    name="tokembed",
    help="See one text become tokens, and tokens become vectors.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    tokenize.tokenize,
    decode.decode,
    compare.compare,
    stats.stats,
    train.train,
    embed.embed,
    info.info,
    convert.convert,
    neighbors.neighbors,
    similarity.similarity,
    analogy.analogy,
    explain.explain,
    evaluate.evaluate,
    plot.plot,
    methods.methods,
):
    app.command()(command)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"tokembed {tokembed.__version__}")
        raise typer.Exit


@app.callback()
def tokembed_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """See one text become tokens, and tokens become vectors."""


def main() -> None:
    """Run the command line."""
    if sys.stdout is None:  # closed by `>&-`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    # A path may hold bytes that are no text; on stdout they go out as they came in.
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # so that temporary files are taken away
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit:
        if _unread:
            os._exit(0)  # no one waits for what the other threads are working on
        raise


def _let_stdout_go() -> None:
    """Point stdout at nothing, so that flushing it at the end does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
