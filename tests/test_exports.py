"""Every exported name imports, and is used, in a fresh process that stands outside the repository: a notebook's globals hide a missing import.
(Names inside functions that no use reaches: `make in-step`.)

`tests/uses/MODULE.py` uses every name that `arm_nb.MODULE` exports, in as few lines as will do (`baselines_distill.py` for
`arm_nb.baselines.distill`). A new export needs a line there.
"""
import ast, subprocess, sys
from pathlib import Path

import pytest

root = Path(__file__).resolve().parents[1]
modules = sorted('.'.join(p.relative_to(root).with_suffix('').parts[1:]) for p in (root/'arm_nb').rglob('*.py') if p.name[0] != '_')

IMPORTS = '''
import importlib, sys
mod = importlib.import_module(sys.argv[1])
missing = [n for n in mod.__all__ if not hasattr(mod, n)]
assert not missing, f'in __all__ but not there: {missing}'
heavy = {'nbdev', 'fastcore', 'execnb', 'IPython', 'ipywidgets', 'torchvision', 'mlxtend', 'sklearn', 'pytest'} & set(sys.modules)
assert not heavy, f'importing {mod.__name__} also imports {sorted(heavy)}'
'''


def python(code, *args, cwd):
    r = subprocess.run([sys.executable, '-c', code, *args], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert r.returncode == 0, r.stdout + r.stderr
    return r.stdout


@pytest.mark.parametrize('module', modules)
def test_every_exported_name_imports_and_is_used(module, tmp_path):
    uses = root/'tests'/'uses'/(module.replace('.', '_') + '.py')
    assert uses.exists(), f'write {uses.relative_to(root)}: it uses each name that arm_nb.{module} exports'
    python(IMPORTS + uses.read_text(), f'arm_nb.{module}', cwd=tmp_path)
    tree = ast.parse((root/'arm_nb'/Path(*module.split('.')).with_suffix('.py')).read_text(encoding='utf-8'))
    names = next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == '__all__')
    used = {n.id for n in ast.walk(ast.parse(uses.read_text())) if isinstance(n, ast.Name)}
    assert set(names) <= used, f'{uses.relative_to(root)} does not use {sorted(set(names) - used)}'


def test_the_package_itself_imports_nothing(tmp_path):
    python('import sys, arm_nb; assert not {"torch", "numpy", "nbdev", "fastcore"} & set(sys.modules)', cwd=tmp_path)


def test_the_check_sees_a_name_that_is_not_there(tmp_path):
    (tmp_path/'m.py').write_text("__all__ = ['f', 'g']\ndef f(x): return x\n")
    with pytest.raises(AssertionError, match=r"in __all__ but not there: \['g'\]"): python(IMPORTS, 'm', cwd=tmp_path)
