"""The wheel in a fresh environment, used from another folder as somebody would who has only `pip install arm_nb`. `make test-install`."""
import os, re, shutil, subprocess, sys
from pathlib import Path

import pytest

root = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def fresh(tmp_path_factory):
    "(run a command of a new environment in which nothing but the wheel and what it asks for is installed)"
    place = tmp_path_factory.mktemp('elsewhere')
    clean = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV')} | dict(OMP_NUM_THREADS='1')
    def sh(*args, code=0):
        r = subprocess.run([str(a) for a in args], cwd=place, env=clean, capture_output=True, text=True, timeout=1200)
        assert r.returncode == code, f'{args}:\n{r.stdout}\n{r.stderr}'
        return r
    sh(sys.executable, '-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps', '--wheel-dir', place, root)
    wheel, = place.glob('arm_nb-*.whl')
    sh(sys.executable, '-m', 'venv', place/'env')
    sh(place/'env/bin/python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-c', root/'constraints.txt', wheel)
    yield lambda name, *args, **kw: sh(place/'env/bin'/name, *args, **kw)
    shutil.rmtree(place)                             # six gigabytes, which pytest would keep of three runs


def test_it_is_the_wheel_and_it_is_typed(fresh):
    out = fresh('python', '-c', 'import arm_nb, pathlib; p = pathlib.Path(arm_nb.__file__).parent; print(p, (p/"py.typed").exists(), (p/"arm_nb.mplstyle").exists())').stdout
    assert 'site-packages/arm_nb True True' in out and str(root) not in out


def test_the_ten_lines(fresh):
    code, = [b for b in re.findall(r'```python\n(.*?)```', (root/'README.md').read_text(encoding='utf-8'), re.S) if 'ARM(' in b]
    accuracies = [int(p) for p in re.findall(r'(\d+)%', fresh('python', '-c', code).stdout)]
    assert len(accuracies) == 5 and sum(accuracies) > 200                     # plain SGD: 100 at most, one task of five


def test_the_demo(fresh):
    out = fresh('arm_nb', 'demo').stdout
    rows = {r[0]: float(r[1]) for r in re.findall(r'^(naive|lwf|arm)\s+([\d.]+)', out, re.M)}
    assert rows['arm'] > rows['lwf'] > rows['naive'] and 'demo/recalled.png' in out


def test_an_extra_that_is_missing_names_its_command(fresh):
    r = fresh('arm_nb', 'run', '--method', 'gem', code=2)
    assert "pip install 'arm_nb[gem]'" in r.stderr and len(r.stderr.splitlines()) == 1
