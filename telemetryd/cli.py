"""The command line: ``serve``, ``check-config``, ``version``, and from ``cli_store`` ``fsck`` and ``inspect``.

Exit codes: 0 done, 1 the daemon failed, 2 a mistake in a flag or a setting (one line for each, on stderr).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from . import __version__, cli_store, config_named, imports, systemd
from .config import Configuration, load
from .config_sources import SETTINGS, STORED_FORMAT
from .model.codec import VERSION as PROTOCOL_VERSION
from .model.errors import SettingsError

DONE = 0
FAILED = 1
BAD_SETTING = 2

_SERVE_EXAMPLES = """\
examples:
  telemetryd serve
      the API on http://127.0.0.1:8000, events by the default Unix socket
  telemetryd serve --config /etc/telemetryd.toml --http 127.0.0.1:9000
      settings from a file, the API on another port
  telemetryd serve --http unix:/run/telemetryd/api.sock --metrics-path /var/lib/telemetryd
      the API on a Unix socket, the data in another folder

SIGTERM or SIGINT stops it: what was taken is stored, then it exits with 0. SIGHUP has it read its settings
again. A flag wins over an environment variable, that over POST /config, that over the file.
"""
_CHECK_EXAMPLES = """\
examples:
  telemetryd check-config
  telemetryd check-config --config /etc/telemetryd.toml --http 127.0.0.1:9000
  telemetryd check-config --json | jq '.settings["http.listen"]'

Takes the flags of serve. Prints every setting in force and where it comes from, and a hash of all of them,
which a daemon says in its log when it starts or reloads. Reads the files that they name, too: one that only
another user may read is a notice, for the daemon may be theirs. Changes nothing. Exits with 2 on a mistake.
"""
_OVERVIEW = """\
examples:
  telemetryd serve            run the daemon in the foreground
  telemetryd check-config     show the settings in force, each with its source
  telemetryd version          show the versions
  telemetryd fsck             check a store; --repair mends it
  telemetryd inspect          show a store, a segment or a part

telemetryd COMMAND --help says more of each.
"""
_FLAGS = {"socket": "ingest.socket", "http": "http.listen", "metrics_path": "telemetry.metrics_path"}


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Mapping[str, str]], int] = options.command
    return command(options, environ)


def _serve(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    # What listens already is not to be chosen, but all that holds of where the API listens holds of it.
    listens = {"http.listen": listen} if (listen := systemd.http_listen(environ)) else {}
    try:
        configuration = load(_flags(options), environ, options.config, listens=listens)
        _raise(config_named.mistakes(configuration.settings))
    except SettingsError as error:
        return _refuse(error)
    _tell(configuration)
    # Who asks for a reload meanwhile gets one as soon as the daemon can.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    imports.keep_out()
    from . import daemon  # only here: the other commands need none of what it imports

    return daemon.main(configuration)


def _check_config(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    try:
        configuration = load(_flags(options), environ, options.config)
        mistakes, notices = config_named.check(configuration.settings)
        configuration = replace(configuration, notices=(*configuration.notices, *notices))
        _raise(mistakes)
    except SettingsError as error:
        if options.json:
            print(json.dumps({"mistakes": error.mistakes}, indent=2))
        return _refuse(error)
    _tell(configuration)
    print(json.dumps(_as_json(configuration), indent=2) if options.json else _as_text(configuration))
    return DONE


def _version(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from .storage import journal, schema

    versions = {
        "telemetryd": __version__,
        "ingest_protocol": PROTOCOL_VERSION,
        "journal_format": journal.VERSION,
        "parquet_format": schema.FORMAT,
        "stored_settings_format": STORED_FORMAT,
    }
    if options.json:
        print(json.dumps(versions, indent=2))
    else:
        print("\n".join(f"{name} {version}" for name, version in versions.items()))
    return DONE


def _raise(mistakes: list[str]) -> None:
    if mistakes:
        raise SettingsError(mistakes)


def _tell(configuration: Configuration) -> None:
    for notice in configuration.notices:
        print(notice, file=sys.stderr)


def _refuse(error: SettingsError) -> int:
    for mistake in error.mistakes:
        print(mistake, file=sys.stderr)
    return BAD_SETTING


def _as_json(configuration: Configuration) -> dict[str, Any]:
    values = _values(configuration)
    return {
        "settings": {
            name: {
                "value": values[name],
                "source": source.kind,
                "place": source.place,
                "changes": SETTINGS[name].changes,
            }
            for name, source in configuration.sources.items()
        },
        "configuration": configuration.digest,
        "stored_settings": str(configuration.stored_path),
        "notices": list(configuration.notices),
    }


def _as_text(configuration: Configuration) -> str:
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in _values(configuration).items()}
    left = max(len(name) for name in values)
    middle = max(len(text) for text in values.values())
    lines = [f"{name:<{left}} = {values[name]:<{middle}}  # {source}" for name, source in configuration.sources.items()]
    return "\n".join([*lines, f"# configuration {configuration.digest}"])


def _values(configuration: Configuration) -> dict[str, Any]:
    sections = asdict(configuration.settings)
    return {name: sections[setting.section][setting.key] for name, setting in SETTINGS.items()}


def _flags(options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Return the settings that flags give: by name, the flag and what it says."""
    given = {key: getattr(options, key) for key in _FLAGS}
    return {_FLAGS[key]: ("--" + key.replace("_", "-"), text) for key, text in given.items() if text is not None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="telemetryd",
        description="The telemetry sidecar of an IPFS Kit node: events in by a Unix socket, numbers out by a REST API.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", _serve, "run the daemon in the foreground", _SERVE_EXAMPLES)
    _setting_flags(serve)
    check = _command(
        commands, "check-config", _check_config, "show the settings in force, each with its source", _CHECK_EXAMPLES
    )
    _setting_flags(check)
    _json_flag(check)
    _json_flag(_command(commands, "version", _version, "show the versions of the program and its formats", ""))
    cli_store.add_commands(commands, _store_command)
    return parser


def _command(commands: Any, name: str, run: Callable[..., int], says: str, examples: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=says,
        description=says[0].upper() + says[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=run)
    return parser


def _store_command(*details: Any) -> argparse.ArgumentParser:
    parser = _command(*details)
    _config_flag(parser)
    _json_flag(parser)
    return parser


def _setting_flags(parser: argparse.ArgumentParser) -> None:
    _config_flag(parser)
    parser.add_argument("--socket", metavar="PATH", help="Unix socket that events come in by (ingest.socket)")
    parser.add_argument("--http", metavar="HOST:PORT", help="where the REST API is served, or unix:/path (http.listen)")
    parser.add_argument("--metrics-path", metavar="DIR", help="folder of all that is stored (telemetry.metrics_path)")


def _config_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="settings in TOML; see config/telemetryd.toml for all of them"
    )


def _json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
