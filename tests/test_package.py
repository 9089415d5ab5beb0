"What a builder notices first: imports that bring no more than they need, ask for no network, and run on Python 3.10."
import ast, subprocess, sys
from pathlib import Path

import pytest

root = Path(__file__).resolve().parents[1]
modules = sorted('.'.join(p.relative_to(root).with_suffix('').parts) for p in (root/'arm_nb').rglob('*.py') if p.name[0] != '_')
HEAVY = 'torch torchvision pandas matplotlib joblib typer ipywidgets IPython mlxtend quadprog dask distributed ray scipy sklearn avalanche nbdev fastcore'.split()
LATER = {'cli': 'typer', 'sweeps': 'torch joblib', 'report': 'torch pandas', **dict.fromkeys(('figures', 'explore', 'brain'), 'torch pandas matplotlib')}
FIRST = [m for m in modules if m.split('.')[-1] not in LATER]          # equations, machine, rivals
BRINGS = {'arm_nb': '', 'arm_nb.metrics': '', ', '.join(FIRST): 'torch', **{f'arm_nb.{m}': what for m, what in LATER.items()}}


def python(code): return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize('names', BRINGS)
def test_an_import_brings_what_it_needs(names):
    r = python(f'import sys, {names}; print(*[h for h in {HEAVY} if h in sys.modules])')
    assert r.returncode == 0, r.stderr
    assert set(r.stdout.split()) == set(BRINGS[names].split())


def test_nothing_asks_the_network():
    r = python('import socket\ndef no(*a, **k): raise SystemExit("somebody asked the network")\n'
               'socket.socket.connect = socket.create_connection = socket.getaddrinfo = no\n'
               f'import {", ".join(modules)}\nfrom arm_nb.experiment import build\nbuild("mnist-mini", "arm"); build("mnist-color", "er")')
    assert r.returncode == 0, r.stdout + r.stderr


@pytest.mark.parametrize('path', sorted((root/'arm_nb').rglob('*.py')), ids=lambda p: p.stem)
def test_syntax_is_that_of_python_3_10(path): ast.parse(path.read_text(encoding='utf-8'), feature_version=(3, 10))
