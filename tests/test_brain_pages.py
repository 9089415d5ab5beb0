"What pages 60 to 66 keep in files: nothing there answers another question, and `make test` writes none of it."
import ast, json, re
from pathlib import Path

import numpy as np, pytest, torch

pages = sorted((Path(__file__).resolve().parents[1]/'nbs'/'brain').glob('6*.ipynb'))


def cells(page): return [''.join(c['source']) for c in json.loads(page.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']


def function(page, name, names):
    "A function as it stands on a page, among other `names`."
    code = next(c for c in cells(page) if f'\ndef {name}(' in c)
    node = next(n for n in ast.parse(code).body if getattr(n, 'name', None) == name)
    exec(ast.unparse(node), names)
    return names[name]


def test_a_story_answers_only_for_its_own_settings(tmp_path):
    "Page 64"
    import arm_nb, arm_nb.brain, arm_nb.experiment
    names = dict(DATA='mnist-mini', ROOT=None, DEVICE='cpu', RUNS=tmp_path, SHORT={}, KINDS=['as always'], STEPS=(0, 1), EVERY=10, Path=Path,
                 torch=torch, build=arm_nb.experiment.build, identity_of=arm_nb.brain.identity_of, kept_tensors=arm_nb.brain.kept_tensors,
                 __version__='1', made=0)

    def story(k):
        names['made'] += 1
        return {'weak': np.full(2, names['made'])}

    page = next(p for p in pages if p.stem == '64_degree')
    kept = function(page, 'kept', names | dict(story=story))
    used = kept.__globals__
    assert [kept(0)['weak'][0], kept(0)['weak'][0]] == [1, 1]
    for n, change in enumerate((dict(SHORT=dict(S=1)), dict(KINDS=['refreshed']), dict(STEPS=(0, 2)), dict(EVERY=5), dict(__version__='2')), 2):
        used.update(change)
        with pytest.warns(UserWarning, match=r'degree-mnist-mini-0\.pt is made again: .* there, and .* is asked for'): assert kept(0)['weak'][0] == n
        assert kept(0)['weak'][0] == n
    file = tmp_path/'degree-mnist-mini-0.pt'
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match=r'degree-mnist-mini-0\.pt is damaged'): kept(0)


@pytest.mark.parametrize('page', pages, ids=lambda p: p.stem)
def test_a_page_writes_no_file_in_make_test(page):
    "Each table of photographs goes through `photographs_table`, which writes none there either."
    writes = re.compile(r'\.to_csv\(|\bwrite_whole\(|\btorch\.save\(|\bsavefig\(|\.write_text\(|\bsave_tensors\(')
    assert not [c for c in cells(page) if writes.search(c) and "'IN_TEST' not in os.environ" not in c]
    assert all('photographs_table(PHOTOS, FILES, ' in c for c in cells(page) if '\nPHOTOS = ' in c)


def test_the_command_in_a_table_is_the_one_that_made_it():
    "Page 63"
    page = next(p for p in pages if p.stem == '63_abstract_recall')
    assert any('ARM_NB_SEEDS={len(SEEDS)}' in c for c in cells(page)) and not any(re.search(r'ARM_NB_SEEDS=\d', c) for c in cells(page))
