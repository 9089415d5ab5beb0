"""Every exported name imports, and is used, in a fresh process that stands outside the repository: a notebook's globals hide a missing import.
(Names inside functions that no use reaches: `make in-step`.)

`tests/uses/MODULE.py` uses every name that `arm_nb.MODULE` exports, in as few lines as will do (`baselines_distill.py` for
`arm_nb.baselines.distill`). A new export needs a line there. And only what somebody outside the library needs is exported.
"""
import ast, importlib, json, os, re, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
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


def uses_of(module): return root/'tests'/'uses'/(module.replace('.', '_') + '.py')


@pytest.fixture(scope='session')
def fresh(request, tmp_path_factory):
    "The modules that are asked for, each used in a process of its own, as many at a time as there are cores: module -> its future"
    asked = [i.callspec.params['module'] for i in request.session.items if 'fresh' in i.fixturenames]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {m: pool.submit(python, IMPORTS + uses_of(m).read_text(), f'arm_nb.{m}', cwd=tmp_path_factory.mktemp(m)) for m in asked if uses_of(m).exists()}


@pytest.mark.parametrize('module', modules)
def test_every_exported_name_imports_and_is_used(module, fresh):
    uses = uses_of(module)
    assert uses.exists(), f'write {uses.relative_to(root)}: it uses each name that arm_nb.{module} exports'
    fresh[module].result()
    names, _ = public(module)
    used = {n.id for n in ast.walk(ast.parse(uses.read_text())) if isinstance(n, ast.Name)}
    assert set(names) <= used, f'{uses.relative_to(root)} does not use {sorted(set(names) - used)}'


def public(module):
    "Names that a module exports, and its syntax tree"
    tree = ast.parse((root/'arm_nb'/Path(*module.split('.')).with_suffix('.py')).read_text(encoding='utf-8'))
    return next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == '__all__'), tree


def words(tree): return {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute))}


def python_of(cell):
    "A cell's code as a syntax tree, without what is meant for IPython"
    from IPython.core.inputtransformer2 import TransformerManager
    return ast.parse(TransformerManager().transform_cell(''.join(cell['source'])) if cell['cell_type'] == 'code' else '')


def on_pages():
    "Names in what a reader sees of the pages and does not find in a module: code that is not exported, folded or not, and in prose what stands between backticks"
    seen = set()
    for path in (root/'nbs').rglob('*.ipynb'):
        for c in json.loads(path.read_text(encoding='utf-8'))['cells']:
            source = ''.join(c['source'])
            if c['cell_type'] == 'markdown': seen |= {w for code in re.findall(r'`+([^`]+)`+', source) for w in re.findall(r'\w+', code)}
            elif c['cell_type'] == 'code' and not re.match(r'#\s*\|\s*(export|hide|default_exp)', source): seen |= words(python_of(c))
    return seen


def types_of(name, tree):
    "Names in what a public function takes and gives, and a public class is made from"
    nodes = [n for n in tree.body if getattr(n, 'name', '') == name]
    parts = [p for n in nodes for f in ast.walk(n) if isinstance(f, ast.FunctionDef) for p in (f.returns, *(a.annotation for a in f.args.args)) if p]
    text = ' '.join(ast.unparse(p) for p in (*parts, *(b for n in nodes if isinstance(n, ast.ClassDef) for b in n.bases)))
    return set(re.findall(r'\w+', text))


def test_what_only_other_modules_use_is_not_exported():
    """A public name is at the front door or in a contract (tests/test_docstrings.py), is a method's class or settings, is shown at work or
    spoken of on a page, or is a type that such a one takes, gives or is made from. All else is `#| exporti`: imported by its name, and not in the way."""
    import arm_nb
    from test_docstrings import CONTRACTS
    needed = {*arm_nb.__all__, *re.findall(r'\w+', ' '.join(CONTRACTS.values()))} | on_pages()
    needed |= {c.__name__ for m in arm_nb.METHODS.values() for c in (m.strategy, m.config)}
    names = {m: public(m) for m in modules}
    for m, (mine, tree) in names.items(): needed |= set().union(*(types_of(n, tree) for n in mine if n in needed))
    assert not (found := {m: odd for m, (mine, _) in names.items() if (odd := sorted(set(mine) - needed))}), f'exported, but who needs it? `#| exporti`: {found}'
    assert len({n for mine, _ in names.values() for n in mine}) < 300, 'too many to find one\'s way in'


def test_what_pages_import_by_name_is_there():
    "Also what is not exported: notebooks run in one process hide a name that is gone."
    for path in [*(root/'nbs').rglob('*.ipynb')]:
        for c in json.loads(path.read_text(encoding='utf-8'))['cells']:
            for n in ast.walk(python_of(c)):
                if isinstance(n, ast.ImportFrom) and (n.module or '').startswith('arm_nb.'):
                    there = importlib.import_module(n.module)
                    assert not [a.name for a in n.names if not hasattr(there, a.name)], f'{path.name}: {ast.unparse(n)}'


def test_the_package_itself_imports_nothing(tmp_path):
    python('import sys, arm_nb; assert not {"torch", "numpy", "nbdev", "fastcore"} & set(sys.modules)', cwd=tmp_path)


def test_the_check_sees_a_name_that_is_not_there(tmp_path):
    (tmp_path/'m.py').write_text("__all__ = ['f', 'g']\ndef f(x): return x\n")
    with pytest.raises(AssertionError, match=r"in __all__ but not there: \['g'\]"): python(IMPORTS, 'm', cwd=tmp_path)
