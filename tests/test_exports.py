"""Every exported name imports, and is used, in a fresh process that stands outside the repository: a notebook's globals hide a missing import.

`tests/uses/MODULE.py` uses every name that `arm_nb.MODULE` exports, in as few lines as will do (`baselines_distill.py` for
`arm_nb.baselines.distill`). A new export needs a line there.
"""
import ast, subprocess, sys
from pathlib import Path

import pytest

root = Path(__file__).resolve().parents[1]
modules = sorted('.'.join(p.relative_to(root).with_suffix('').parts[1:]) for p in (root/'arm_nb').rglob('*.py') if p.name[0] != '_')

IMPORTS = '''
import builtins, dis, importlib, inspect, sys, types
mod = importlib.import_module(sys.argv[1])
missing = [n for n in mod.__all__ if not hasattr(mod, n)]
assert not missing, f'in __all__ but not there: {missing}'

def unknown(code):
    "Global names that `code`, or a function inside it, reads and that neither the module nor Python has."
    for i in dis.get_instructions(code):
        if i.opname in ('LOAD_GLOBAL', 'LOAD_NAME') and not (hasattr(mod, i.argval) or hasattr(builtins, i.argval)): yield i.argval
    for c in code.co_consts:
        if isinstance(c, types.CodeType): yield from (n for n in unknown(c) if n not in ('__module__', '__qualname__'))

def codes(o):
    "The code of a function, or of every method of a class, defined in this module."
    if callable(o): o = inspect.unwrap(o)
    if isinstance(o, (staticmethod, classmethod)): o = o.__func__
    if isinstance(o, property): yield from (c for f in (o.fget, o.fset, o.fdel) if f for c in codes(f))
    if isinstance(o, types.FunctionType) and o.__module__ == mod.__name__: yield o.__code__
    if isinstance(o, type) and o.__module__ == mod.__name__: yield from (c for v in vars(o).values() for c in codes(v))

bad = {f'{c.co_qualname if hasattr(c, "co_qualname") else c.co_name}: {n}' for o in vars(mod).values() for c in codes(o) for n in unknown(c)}
assert not bad, f'names that {mod.__name__} uses and never imports or defines: {sorted(bad)}'
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


def test_the_check_sees_a_missing_import(tmp_path):
    (tmp_path/'m.py').write_text("__all__ = ['f']\ndef f(x): return [math.sqrt(v) for v in x]\n")
    with pytest.raises(AssertionError, match=r'never imports or defines.*f.*math'): python(IMPORTS, 'm', cwd=tmp_path)
    (tmp_path/'m.py').write_text("__all__ = ['f', 'g']\nimport math\ndef f(x): return [math.sqrt(v) for v in x]\n")
    with pytest.raises(AssertionError, match=r"in __all__ but not there: \['g'\]"): python(IMPORTS, 'm', cwd=tmp_path)
