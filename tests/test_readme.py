"""What README.md claims, held against what shows it: the example runs as written, tables and figures are those of results/, commands and links lead somewhere."""
import csv, re, shlex, subprocess, sys
from pathlib import Path

import pytest, yaml

root = Path(__file__).resolve().parents[1]
TEXT = (root/'README.md').read_text(encoding='utf-8')
CODE = re.findall(r'```(\w*)\n(.*?)```', TEXT, re.S)
SHELL = [line.split('#')[0].strip() for lang, block in CODE if lang == 'sh' for line in block.splitlines()] + re.findall(r'`([^`\n]+)`', re.sub(r'```.*?```', '', TEXT, flags=re.S))


def results(name):
    "The rows of a table in results/, and their accuracy as the README would write it"
    with open(root/'results'/f'{name}.csv', encoding='utf-8', newline='') as f: return list(csv.DictReader(f))


def pm(row, key, form='.1f'):
    "mean ± sd of a row: an oracle of `report.plus_minus`, from text"
    mean, sd = row[key], row[f'{key}_sd']
    return '-' if not mean else f'{round(float(mean), 6):{form}}' + (f' ± {float(sd):.1f}' if sd else '')


# ---- the example

def test_ten_lines_run_as_written(tmp_path):
    "In a fresh process outside the repository"
    code, = [block for lang, block in CODE if lang == 'python' and 'ARM(' in block]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    out = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert out.returncode == 0, out.stderr
    accuracies = [int(p) for p in re.findall(r'(\d+)%', out.stdout)]
    assert len(accuracies) == 5
    assert sum(accuracies) / 5 > 40 and sum(a > 20 for a in accuracies[:4]) >= 2     # plain SGD: 0 on the first four (asserted in nbs/index.ipynb)


# ---- the numbers

@pytest.mark.parametrize('nth, name', [(0, 'table6-mnist5k'), (1, 'table1-cifar10')])
def test_the_table_is_that_of_results(nth, name):
    from arm_nb.report import in_words
    def label(r):
        sized = f'{r["method"]} (mem_total={r["images"]})' if r['method'] in ('er', 'er-mir') else r['method']
        return in_words(sized) + ' (D: Jensen–Shannon)' * ('div=js' in r['changed']) + ' (no D)' * ('lambda_d=0' in r['changed'])
    want = [[label(r), pm(r, 'accuracy'), pm(r, 'paper_accuracy', '#.3g'), pm(r, 'forgetting'), pm(r, 'paper_forgetting', '#.3g')] for r in results(name)]
    lines = [[v.strip(' *') for v in line.strip('|').split('|')] for line in TEXT.splitlines() if line.startswith('|')]
    start = [i for i, row in enumerate(lines) if row[:3] == ['method', 'accuracy', 'paper’s']][nth]
    have = lines[start + 2:start + 2 + len(want)]
    assert [row[:5] for row in have] == want
    for row, r in zip(have, results(name)):
        assert float(row[5]) == pytest.approx(float(r['mb']), abs=.05) and row[7] == r['seeds'], row
        assert (r['images'] in row[6]) == (r['images'] != '0') and ('self' in row[6] or 'selves' in row[6]) == (int(r['parameters']) > 0), row


def test_what_is_said_of_the_digits():
    "Each difference and interval by the one rule, from the runs themselves."
    from arm_nb.stats import printed, verdict
    runs = results('table6-mnist5k-runs')
    def of(method, **has):
        mine = [r for r in runs if r['method'] == method and 'mem_total' not in r['changed'] and 'lambda_d' not in r['changed'] and ('div=js' in r['changed']) == has.get('js', False)]
        return [float(r['accuracy']) for r in sorted(mine, key=lambda r: int(r['seed']))]
    points = lambda v, by=' to ': f'{100*v.low:.1f}{by}{100*v.high:.1f}'.replace('-', '−')
    assert {r['seed'] for r in runs} == {str(s) for s in range(20)} and all(len(of(m)) == 20 for m in ('arm', 'adi', 'er'))
    arm = of('arm')
    v = verdict(arm, printed('arm', 'mnist5k', .563, .026))
    assert v.word == 'equal' and f'difference in accuracy is {100*v.mean:.1f} points (95%: {points(v)})'.replace('-', '−') in TEXT
    v = verdict(of('adi'), arm)
    assert v.word == 'equal' and f'+{100*v.mean:.1f} points (95%: {points(v)})' in TEXT
    v = verdict(of('adi', js=True), arm)
    assert v.word == 'holds' and f'{100*v.mean:.1f} points above ARM' in TEXT and f'({points(v)})' in TEXT
    icarl, = [r for r in results('table6-mnist5k') if r['method'] == 'icarl']
    assert f'{pm(icarl, "accuracy")}% on MNIST-5k over twenty seeds, {100*verdict(of("icarl"), arm).mean:.1f} points above ARM' in TEXT
    assert verdict(of('er'), arm).word == verdict(of('er-mir'), arm).word == 'holds', 'fifty stored images do better'


def test_what_is_said_of_the_photographs():
    from arm_nb.stats import verdict
    arm, = [r for r in results('table1-cifar10') if r['method'] == 'arm']
    assert f'{pm(arm, "accuracy")}%, forgetting {pm(arm, "forgetting")}; the paper prints {pm(arm, "paper_accuracy")} and 8.07 ± 5.2' in TEXT
    runs = results('table1-cifar10-runs')
    of = lambda method, has='': {r['seed']: float(r['accuracy']) for r in runs if r['method'] == method and has in r['changed']}
    for rival, told in (('er', 'ARM is {} points above replay of stored photographs (95%: {} to {})'),
                        ('er-mir', '{} above replay of chosen ones, ER-MIR ({} to {})')):
        ours, theirs = of('arm'), of(rival, 'mem_total=100')
        v = verdict([ours[str(s)] for s in range(5)], [theirs[str(s)] for s in range(5)])
        assert len(ours) == len(theirs) == 5 and v.word == 'holds'
        assert told.format(*(f'{100*x:.1f}' for x in (v.mean, v.low, v.high))) in TEXT


def test_what_is_said_of_simple_baselines():
    digits, photographs = ({(r['method'], r['changed']): r for r in results(f'baselines-{d}')} for d in ('mnist5k', 'cifar10'))
    pixels, = [float(r['accuracy']) for (m, c), r in digits.items() if m == 'slda' and 'features' not in c]
    conv, = [float(r['accuracy']) for (m, c), r in photographs.items() if m == 'slda' and 'features=conv' in c]
    assert f'{pixels:.1f}% on MNIST-5k from raw pixels, and {conv:.1f}% on CIFAR-10 from untrained filters' in TEXT


def test_what_is_said_of_the_letter_and_of_chaos():
    arm = [r for r in results('table7-mnist-mini') if r['method'] == 'arm']
    letter, = [r for r in arm if r['changed'] in ('paper', 'div=js, pooling=joint, replacement=True')]
    assert f'the text to the letter {pm(letter, "accuracy")}%,' in TEXT
    means = [float(r['accuracy']) for r in arm if not r['changed'] or re.fullmatch(r'eta_1=25\.0000\d+', r['changed'])]
    assert len(means) == 5 and {r['seeds'] for r in arm if r['changed'].startswith('eta_1=25')} == {'20'}
    assert f'the mean of twenty seeds moves between {min(means):.1f} and {max(means):.1f}' in TEXT


# ---- the commands

def test_every_arm_nb_command_is_one():
    "It is parsed to the end, its methods, flavour and settings exist; nothing is run"
    import typer
    from arm_nb.cli import app
    from arm_nb.methods import METHODS
    commands = [shlex.split(line)[1:] for line in SHELL if re.match(r'arm_nb \w', line)]
    assert len(commands) >= 4
    group = typer.main.get_command(app)
    for args in commands:
        name, cmd, rest = group.resolve_command(group.make_context('arm_nb', list(args)), list(args))
        got = cmd.make_context(name, rest).params                                        # refuses an option that there is not
        methods = [m for given in ([got['method']] if isinstance(got.get('method'), str) else got.get('method') or []) for m in given.split(',')]
        assert set(methods) <= METHODS.keys(), args
        assert got.get('flavour', 'paper') in ('paper', 'released'), args
        for field in [s.split('=')[0] for key, given in got.items() if key.startswith('set') and given for s in given]:
            assert all(hasattr(METHODS[m].config(), field) for m in methods), (args, field)


def test_every_make_target_is_one():
    targets = set(re.findall(r'^([a-z-]+):.*## ', (root/'Makefile').read_text(), re.M))
    named = [m for line in SHELL for m in re.findall(r'\bmake ([a-z-]+)', line)]
    assert {'demo', 'test'} <= set(named) <= targets


# ---- links, pictures, names

def test_links_and_pictures_are_there():
    refs = re.findall(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"', TEXT)
    for ref in (a or b for a, b in refs):
        if here := re.match(r'https://(?:colab.research.google.com/github|github.com)/arm-nb/arm_nb/blob/main/(.*)', ref): ref = here[1]
        if not re.match(r'\w+:', ref): assert (root/ref.split('#')[0]).exists(), ref
    assert 'nbs/images/recall.gif' in TEXT and '](images' not in TEXT and '<div' not in TEXT


def test_the_chapters_are_all_there_in_the_order_of_the_site():
    def walk(items): return [s for i in items for s in (walk(i['contents']) if 'section' in i else [i['href']])]
    chapters = walk(yaml.safe_load((root/'_quarto.yml').read_text(encoding='utf-8'))['website']['sidebar']['contents'])
    table = TEXT[TEXT.index('## The chapters'):TEXT.index('## How to cite')]
    named = re.findall(r'\[(\w+)\]\(nbs/(\S+?)\)', table)
    assert [href for _, href in named] == [c for c in chapters if c.endswith('.ipynb') and c != 'index.ipynb']
    assert all(text == re.match(r'\d\d(?=_)|\w+', Path(href).stem)[0] for text, href in named)     # its number; in the library its name


def test_the_moving_picture():
    from PIL import Image
    path = root/'nbs'/'images'/'recall.gif'
    assert path.stat().st_size < 1e6
    with Image.open(path) as film, Image.open(path.with_suffix('.png')) as still:
        times = []
        for i in range(film.n_frames): film.seek(i); times.append(film.info['duration'])
        assert film.n_frames == 12 and film.info['loop'] == 0                       # the batch, ten steps, what was learned; again and again
        assert times[0] >= 2000 and times[-1] >= 4000 and len(set(times[1:-2])) == 1
        assert film.size == still.size and film.size[0] >= 2*350                    # sharp on a phone
        film.seek(11)
        assert film.convert('RGB').tobytes() == still.convert('RGB').tobytes()      # what stands still is the end


def test_how_to_cite_is_that_of_citation_cff():
    cff = yaml.safe_load((root/'CITATION.cff').read_text(encoding='utf-8'))
    def fields(block): return {k: v.strip('{}').replace(r'\_', '_').replace(r'{\~a}', 'ã') for k, v in re.findall(r'^  (\w+)\s*= \{(.*)\},?$', block, re.M)}
    paper, package = (fields(block) for lang, block in CODE if lang == 'bibtex')
    article = cff['preferred-citation']
    names = ' and '.join(f'{a["family-names"]}, {a["given-names"]}' for a in article['authors'])
    assert paper == dict(title=article['title'], author=names, journal=article['journal'], year=str(article['year']), url=article['url'])
    assert {k: package[k] for k in ('title', 'version', 'url')} == {k: str(cff[c]) for k, c in (('title', 'title'), ('version', 'version'), ('url', 'repository-code'))}
    assert package['author'] == cff['authors'][0]['name']


def test_the_citation_says_what_holds():
    said = ' '.join(yaml.safe_load((root/'CITATION.cff').read_text(encoding='utf-8'))['abstract'].split())
    for name in ('table6-mnist5k', 'table1-cifar10'):
        row, = [r for r in results(name) if r['method'] == 'arm']
        for key in ('accuracy', 'forgetting'): assert pm(row, key) + '%' in said and pm(row, f'paper_{key}', '#.3g').split(' ±')[0] in said, (name, key)
