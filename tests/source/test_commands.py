"""How programs are started, read from the files that say so."""

from __future__ import annotations

import pytest

from sslfix.model import Document
from sslfix.source.commands import commands


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("web: gunicorn app.wsgi:application --workers 3", ("gunicorn", "app.wsgi:application")),
        ("exec gunicorn -b :80 --preload -kgevent a:b # note", ("gunicorn", "a:b")),
        ('CMD ["gunicorn", "--worker-class=gevent", \'a:b\']', ("gunicorn", "a:b")),
        ("ExecStart=/srv/venv/bin/gunicorn \\\n  --timeout 60 \\\n  a:app", ("gunicorn", "a:app")),
        ("python -m gunicorn a:b", ("gunicorn", "a:b")),
        ("python3.11 -u -W ignore srv/run.py --port 1", ("python", "srv/run.py")),
        ("python -m app.server", ("python", "app.server")),
        ("cd x && python run.py; echo done", ("python", "run.py")),
        ("python -m gevent.monkey --no-ssl run.py", ("python", "run.py", "patched")),
        ("celery -A tasks worker -P gevent", ("celery", "tasks", "patched")),
        ("celery --app=tasks worker --pool=eventlet", ("celery", "tasks", "patched")),
        ("locust -f load/test.py --headless", ("locust", "load/test.py", "patched")),
        ("uvicorn --port 80 app:api", ("uvicorn", "app:api")),
        ("flask --app web run", ("flask", "web")),
        ("uwsgi --master --gevent 9 --gevent-monkey-patch --module a:b", ("uwsgi", "")),
        # Nobody can tell, or nothing is started.
        ("celery -A tasks worker", None),
        ("# gunicorn a:b", None),
        ("pip install gunicorn", ("gunicorn", "")),
        ("python -c 'import x'", None),
        ("python", None),
        ("image: python:3.12", None),
    ],
)
def test_commands(line: str, expected: tuple[str, ...] | None) -> None:
    document = Document("Procfile", f"first\n{line}\n")
    found = [
        (one.program, one.target, *(["patched"] if one.is_patched else []))
        for one in commands(document)
    ]
    assert found == ([expected] if expected else [])


def test_options_are_known_by_their_long_names_and_the_place_is_the_command() -> None:
    document = Document("Procfile", "# x\nweb: FOO=1 gunicorn -k gevent --preload -c conf.py a:b\n")
    (command,) = commands(document)
    assert command.options == {"--worker-class": "gevent", "--preload": "", "--config": "conf.py"}
    text = document.text[command.span.start : command.span.end]
    assert text == "gunicorn -k gevent --preload -c conf.py a:b"


@pytest.mark.parametrize("value", ["gevent", '"gevent"', "'gevent'"])
def test_values_may_stand_in_quotes(value: str) -> None:
    (command,) = commands(Document("Procfile", f"web: gunicorn --worker-class={value} a:b\n"))
    assert (command.target, command.options) == ("a:b", {"--worker-class": "gevent"})


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  web:\n    command: gunicorn -k gevent --preload a:b\n",
        "    command: >-\n      gunicorn -k gevent\n      --preload a:b\n    x: 1\n",
        "  command:\n    - gunicorn\n    - -k  # x\n    - gevent\n    - --preload\n    - a:b\n",
        "  - command: ['gunicorn', '-k', 'gevent',\n      '--preload', 'a:b']\n    name: x\n",
        "  command: ['gunicorn']\n  args: ['-k', 'gevent', '--preload', 'a:b']\n  image: y\n",
        "  command:\n  - gunicorn\n  args:\n  - -k\n  - gevent\n  - --preload\n  - a:b\n  env:\n",
        "  - run: |\n      cd x\n      gunicorn -k gevent \\\n        --preload a:b\n",
    ],
)
def test_in_yaml_a_command_may_have_several_lines(text: str) -> None:
    (command,) = commands(Document("x/web.yml", text))
    assert (command.target, command.options) == (
        "a:b",
        {"--worker-class": "gevent", "--preload": ""},
    )


def test_uwsgi_has_its_options_in_a_file() -> None:
    text = "[other]\ngevent = 1\n[uwsgi]\ngevent = 9\ngevent-monkey-patch = true\nwsgi-file=a.py\n"
    (command,) = commands(Document("uwsgi.ini", text))
    assert command.options == {
        "--gevent": "9",
        "--gevent-monkey-patch": "true",
        "--wsgi-file": "a.py",
    }
    assert text[command.span.start : command.span.end] == "gevent-monkey-patch = true"
