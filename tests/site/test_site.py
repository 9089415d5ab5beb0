"""The site as `make docs` left it in _docs/, by Quarto or the preview build: its links and order by reading it, all else in a real browser.
`make test-site` builds the preview first; pages.yml reads what Quarto made. What only Quarto writes stands in quarto/ and in snippets here."""
import base64, functools, http.server, importlib.util, json, re, shutil, threading
from pathlib import Path
from types import SimpleNamespace

import nbformat.v4, pytest, yaml

root = Path(__file__).resolve().parents[2]
docs = root/'_docs'
pages = sorted(p.relative_to(docs).as_posix() for p in docs.rglob('*.html'))
if not pages: pytest.exit('no site in _docs/: `make docs` builds it', 2)

spec = importlib.util.spec_from_file_location('site_tool', root/'tools'/'site.py')
spec.loader.exec_module(tool := importlib.util.module_from_spec(spec))
config = yaml.safe_load((root/'_quarto.yml').read_text(encoding='utf-8'))
AXE = root/'node_modules/axe-core/axe.min.js'
PHONE, DESK = {'width': 390, 'height': 844}, {'width': 1300, 'height': 900}


# ---- what can be read off the files

def sidebar():
    "(text, source file) of each chapter, in the reader's order"
    def walk(items):
        for i in items: yield from walk(i['contents']) if 'section' in i else [(i['text'], i['href'])]
    return list(walk(config['website']['sidebar']['contents']))


def output(source):
    "The page that a source file becomes"
    path = root/'nbs'/source
    asked = path.suffix == '.ipynb' and re.search(r'output-file: (\S+?)(?:\\n|")', path.read_text(encoding='utf-8'))
    return (Path(source).parent/(asked[1] if asked else path.with_suffix('.html').name)).as_posix()


def test_every_notebook_has_a_place_in_the_sidebar_and_its_number():
    there = {p.relative_to(root/'nbs').as_posix() for ext in ('*.ipynb', '*.md') for p in (root/'nbs').rglob(ext) if '/.' not in p.as_posix()}
    listed = [href for _, href in sidebar()]
    assert len(set(listed)) == len(listed) and set(listed) == there, 'website.sidebar in _quarto.yml: name each file in nbs/ once'
    for text, href in sidebar():
        if number := re.match(r'\d\d(?=_)', Path(href).name): assert text.startswith(f'{number[0]} '), f'{href}: its text should begin with {number[0]}'


def test_the_sidebar_of_every_page_reaches_every_page():
    order = [output(href) for _, href in sidebar()]
    assert sorted(order) == pages
    for page in pages:
        bar = re.search(r'<nav[^>]*id="quarto-sidebar".*?</nav>', (docs/page).read_text(encoding='utf-8'), re.S)[0]
        hrefs = [(docs/page).parent.joinpath(h).resolve().relative_to(docs).as_posix() for h in re.findall(r'<a [^>]*href="([^"#]+)"', bar)]
        assert [h for i, h in enumerate(hrefs) if h not in hrefs[:i]] == order, page


def test_next_leads_through_the_book():
    page, seen = 'index.html', []
    while page:
        seen.append(page)
        href = re.search(r'<div class="nav-page nav-page-next">\s*<a [^>]*href="([^"]+)"', (docs/page).read_text(encoding='utf-8'))
        page = href and (docs/page).parent.joinpath(href[1]).resolve().relative_to(docs).as_posix()
    assert seen == [output(href) for _, href in sidebar()]


def test_every_notebook_opens_in_colab():
    for _, href in sidebar():
        if href.endswith('.ipynb'):
            assert f'href="https://colab.research.google.com/github/arm-nb/arm_nb/blob/main/nbs/{href}"' in (docs/output(href)).read_text(encoding='utf-8'), href


SITE = re.search(r'site-url: "(.*)"', (root/'nbs'/'nbdev.yml').read_text())[1] + '/'


def test_the_site_has_no_faults():
    bad = tool.faults(docs, SITE)
    assert not bad, '\n'.join(map(' '.join, bad))


FAULTY = {   # a page -> what is wrong with it
    '<a href="a.html#y">': 'no such anchor', '<a href="b.html">': 'no such file', '<img src="c.png">': 'no such file',
    '<script src="https://cdn.io/d.js"></script>': 'loaded from elsewhere', '<link rel="stylesheet" href="//cdn.io/d.css">': 'loaded from elsewhere',
    '<main><h2>A</h2><p><a href="data:," style="float:right">source</a></p><h3>B</h3>text</main>': 'a heading with nothing under it',
    '<main><h2>A <code>b</code></h2></main>': 'a heading with nothing under it',
    '<script src="https://h.io/s/katex.js"></script>': 'absolute address', '<p>::: {.arm-run} A link :::</p>': 'markup left as text'}
SOUND = ('<h1 id="x">a</h1><a href="a.html#x">1</a><a href="https://h.io/s/a.html#x">2</a><a href="https://e.io">3</a><img src="data:,">'
         '<main><h2>A</h2><pre>b</pre><h3>B</h3><img src="data:,"><h3>C</h3>text</main><h2>outside</h2>'
         '<pre>::: {.note}</pre><p><code>:::</code></p><script>":::"</script>')


def test_faults_are_found_and_no_others(tmp_path):
    (tmp_path/'katex.js').touch()
    for text, what in {SOUND: None, **FAULTY}.items():
        (tmp_path/'a.html').write_text(SOUND + text)
        assert [w for _, _, w in tool.faults(tmp_path, 'https://h.io/s/')] == [what] * bool(what), text


@pytest.mark.parametrize('text', [SOUND, *FAULTY])
def test_a_site_with_faults_fails_the_build(text, tmp_path, monkeypatch):
    def build(processed, site):
        (made := tmp_path/'made').mkdir()
        (made/'a.html').write_text(text.replace('https://h.io/s/', site))
        return made
    monkeypatch.setattr(tool, 'root', tmp_path)
    monkeypatch.setattr(tool, 'process', lambda cfg: tmp_path)
    monkeypatch.setattr(tool, 'preview', build)
    monkeypatch.setattr(tool.sys, 'argv', ['site.py', 'preview'])
    if text == SOUND: tool.main()
    else:
        with pytest.raises(SystemExit, match='1'): tool.main()


def test_sources_are_lists_of_lines_each_with_its_newline(tmp_path):
    "Quarto splits a source that is one string at its newlines, and joins it without them"
    there = sorted((root/'_proc').rglob('*.ipynb'))
    assert len(there) >= len(list((root/'nbs').rglob('[0-9]*.ipynb')))
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell('---\ntitle: x\n---'), nbformat.v4.new_code_cell('a = 1\nb = 2')])
    tool.add_colab(nb, 'https://github.com/x')
    tool.write(nb, tmp_path/'a.ipynb')
    tool.rename(tmp_path)
    for path in there + [tmp_path/'a.ipynb']:
        for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
            lines = cell['source']
            assert isinstance(lines, list) and all(l.endswith('\n') for l in lines[:-1]) and not any('\n' in l[:-1] for l in lines), (path.name, cell['id'])
    assert tool.read(tmp_path/'a.ipynb').cells[2].source == 'a = 1\nb = 2'


def test_an_option_of_several_lines_is_whole_on_the_site():
    source = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('#| echo: false\n#| fig-alt: >\n#|   Left, "a": 1.\n#|   right: b\nplot()', id='p')])
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('#| echo: false\n#| fig-alt: >\n#|   right: b\nplot()', id='p')])   # what nbdev leaves
    tool.whole_options(nb, source)
    assert nb.cells[0].source == '#| echo: false\n#| fig-alt: "Left, \\"a\\": 1. right: b"\nplot()'
    for path in (root/'nbs').rglob('[0-9]*.ipynb'):
        made = {c.get('id'): c.source for c in tool.read(root/'_proc'/path.relative_to(root/'nbs')).cells}
        for cell in tool.read(path).cells:
            if '#| fig-alt: >' in cell.source: assert cell.id not in made or re.search(r'^#\| fig-alt: ".{40,}"$', made[cell.id], re.M), (path.name, cell.id)


def test_the_processed_notebooks_lose_no_line():
    "Each line of code in a notebook stands in the notebook that the site is built from, but for those that only nbdev reads"
    for path in (root/'nbs').rglob('[0-9]*.ipynb'):
        made = {l for c in tool.read(root/'_proc'/path.relative_to(root/'nbs')).cells for l in c.source.splitlines()}
        shown = [c.source for c in tool.read(path).cells if c.cell_type == 'code' and '#| exports' in c.source]
        assert not [l for s in shown for l in s.splitlines() if l not in made and not l.startswith('#|')], path.name


def test_code_stands_once_under_its_name_and_folded_where_it_is_long():
    doc = lambda name: dict(cell_type='code', has_sd=True, source=f'#| echo: false\nshow_doc({name})',
                            outputs=[dict(data={'text/markdown': f'---\n\n### {name}\n\n```python\ndef {name}()\n```\n\n*Says.*'})])
    code = lambda text: dict(cell_type='code', outputs=[], source='#| code-fold: show\n#| code-summary: "Exported source"\n' + text)
    long = 'class C:\n' + '    x = 1\n' * 60
    nb = nbformat.from_dict(dict(cells=[doc('a'), code('def a(): pass\ndef b(): pass\n'), doc('b'), doc('C'), code(long), dict(cell_type='markdown', source='text')]))
    tool.show_sources(nb)
    said = [''.join(o['data']['text/markdown'] for o in c.get('outputs', [])) or c['source'] for c in nb['cells']]
    assert said == ['---\n\n### a\n\n', 'def a(): pass', '---\n\n### b\n\n', 'def b(): pass', '---\n\n### C\n\n```python\ndef C()\n```\n\n*Says.*',
                    '#| code-fold: true\n#| code-summary: "The code, 61 lines"\n' + long.rstrip(), 'text']


def test_a_cell_of_several_definitions_is_split_with_what_stands_above_each():
    code = 'A = 1\n\n\n@cache\ndef a():\n    return A\n\n\n# of b\ndef _b(): pass\n\n\ndef b(): pass\n\n\nb.x = 2\n'
    assert [*tool.split(code, ['b', 'a'])] == [('a', 'A = 1\n\n\n@cache\ndef a():\n    return A'), ('b', '# of b\ndef _b(): pass\n\n\ndef b(): pass\n\n\nb.x = 2')]
    assert [*tool.split('A = 1\n', ['a'])] == [(None, 'A = 1')]


def test_the_lines_of_a_signature_fit_the_page():
    long = "    cfg:ArmConfig=ArmConfig(eta_1=25.0, div='mean_kl', bn_stats='move', eta_0=0.05, lambda_0_recall=1.0), # the settings"
    assert tool.fit(long) == '    cfg:ArmConfig=ArmConfig(...), # the settings' and tool.fit('    x:Tensor, # of `f`') == '    x:Tensor, # of `f`'
    assert tool.fit('    g:torch._C.Generator | None=None, # ' + 'a'*60) == f'    # {"a"*60}\n    g:Generator | None=None,'
    assert tool.fit('    ' + ', '.join(f'name_{i}:list[int] | None=None' for i in range(5))) == (
        '    name_0:list[int] | None=None, name_1:list[int] | None=None,\n    name_2:list[int] | None=None, name_3:list[int] | None=None,\n    name_4:list[int] | None=None')
    nb = nbformat.from_dict(dict(cells=[dict(outputs=[dict(data={'text/markdown': '### f\n\n```python\ndef f(\n    a, # as [`g`](x.html#g)\n)\n```\n\nSee [`g`](x.html#g).'})])]))
    tool.mend_signatures(nb)
    assert nb.cells[0].outputs[0].data['text/markdown'] == '### f\n\n```python\ndef f(\n    a, # as `g`\n)\n```\n\nSee [`g`](x.html#g).'


def test_a_name_links_to_where_it_is_documented_or_not_at_all():
    md = lambda text: dict(cell_type='markdown', source=text)
    nb = nbformat.from_dict(dict(cells=[md('[`run`](https://h.io/s/library/cli.html#run) [`plain()`](https://h.io/s/record.html#plain) [`a`](b.html#c)'),
                                        dict(cell_type='code', source='', outputs=[dict(data={'text/markdown': '[`plain`](https://h.io/s/record.html#plain)'}), dict(name='stdout')])]))
    tool.relink(nb, {'run': 'library/experiment.html#run'}, 'https://h.io/s/')
    assert nb.cells[0].source == '[`run`](https://h.io/s/library/experiment.html#run) `plain()` [`a`](b.html#c)' and nb.cells[1].outputs[0].data['text/markdown'] == '`plain`'


def test_every_exported_function_shows_its_code():
    for module in ('knowledge', 'recall', 'arm'):
        text = re.sub(r'<[^>]+>', '', (docs/f'{module}.html').read_text(encoding='utf-8'))
        for name in re.findall(r'^(?:def|class) ([a-zA-Z]\w+)', (root/'arm_nb'/f'{module}.py').read_text(encoding='utf-8'), re.M):
            assert re.search(rf'^(def|class) {name}\b', text, re.M), f'{module}: the code of {name} is not on its page: `#| exports`'


def test_katex_is_our_own_copy_and_near():
    assert config['format']['html']['html-math-method'] == {'method': 'katex', 'url': f'{SITE}katex/'}
    assert (docs/'katex'/'katex.min.js').exists() and (docs/'katex'/'katex.min.css').exists()
    for page in pages:
        found = set(re.findall(r'="([^"]*)katex/katex\.min\.(?:js|css)"', (docs/page).read_text(encoding='utf-8')))
        assert found <= {'../' * page.count('/')}, page


# what Quarto 1.7.34 writes, from the head of a page with mathematics, a pandas table and a table in Markdown
REQUIREJS = '''<script src="https://cdnjs.cloudflare.com/ajax/libs/jquery/3.5.1/jquery.min.js" integrity="sha512-bLT0Qm9V==" crossorigin="anonymous"></script>'''
HEAD = REQUIREJS + '''<script src="../site_libs/quarto-nav/quarto-nav.js"></script>
<script src="https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js" integrity="sha512-c3Nl8+7g==" crossorigin="anonymous"></script>

<script type="application/javascript">define('jquery', [],function() {return window.jQuery;})</script>

  <script defer="" src="https://h.io/s/katex/katex.min.js"></script>
  <script>document.addEventListener("DOMContentLoaded", function () {katex.render()});</script>
  <link rel="stylesheet" href="https://h.io/s/katex/katex.min.css">
<a href="https://h.io/s/">home</a>'''
TABLE = '<table class="caption-top table">\n<tbody>\n<tr class="odd"><td>1</td></tr>\n</tbody>\n</table>'
OUTPUT = '<table class="dataframe caption-top table table-sm table-striped small" data-border="1">\n<tbody>\n</tbody>\n</table>'


def test_katex_is_named_by_a_relative_address():
    html = tool.near_katex(HEAD, '../', 'https://h.io/s/')
    assert re.findall(r'(?:src|href)="([^"]*katex[^"]*)"', html) == ['../katex/katex.min.js', '../katex/katex.min.css'] and '"https://h.io/s/">home' in html
    assert '"katex/katex.min.js"' in tool.near_katex(HEAD, '', 'https://h.io/s/')


def test_requirejs_goes_and_no_other_script():
    html = tool.without_requirejs(HEAD)
    assert re.findall(r'<script.*?</script>', html) == [
        '<script src="../site_libs/quarto-nav/quarto-nav.js"></script>', '<script defer="" src="https://h.io/s/katex/katex.min.js"></script>',
        '<script>document.addEventListener("DOMContentLoaded", function () {katex.render()});</script>']


def test_pictures_fill_the_column_and_grow_no_more_than_a_quarter(tmp_path):
    def png(width): return b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR' + width.to_bytes(4, 'big') + b'\0\0\1\0\b\2'
    (tmp_path/'a_files').mkdir()
    for width, shown in {200: None, 400: 500, 640: 751, 900: None}.items():
        (tmp_path/'a_files/b.png').write_bytes(png(width))
        for src in (f'data:image/png;base64,{base64.b64encode(png(width)).decode()}', 'a_files/b.png'):
            html = tool.fill_column(f'<p><img alt="x" src="{src}"></p>', tmp_path)
            assert re.findall(r'width: (\d+)px', html) == [str(shown)] * bool(shown) and html.count('alt="x"') == 1
    for html in ('<img src="images/a.png">', '<img src="a_files/none.png">', f'<img style="a" src="{src}">'): assert tool.fill_column(html, tmp_path) == html


def test_markdown_tables_stand_in_a_box_once():
    html = tool.wrap_tables(TABLE + OUTPUT + TABLE)
    assert html == f'<div class="sd-table">{TABLE}</div>{OUTPUT}<div class="sd-table">{TABLE}</div>' == tool.wrap_tables(html)
    assert tool.wrap_tables('<th style="a_b">c_d</th><td>e_f</td>') == '<th style="a_b">c_<wbr>d</th><td>e_f</td>' == tool.wrap_tables('<th style="a_b">c_<wbr>d</th><td>e_f</td>')


# ---- in a browser: one for all, and each page is opened once

@pytest.fixture(scope='module')
def address():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=docs))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/'
    server.shutdown()


@pytest.fixture(scope='module')
def tab(address):
    sync_api = pytest.importorskip('playwright.sync_api')
    chrome = shutil.which('google-chrome') or shutil.which('chromium') or pytest.skip('no chromium: apt install chromium')
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chrome, args=['--no-sandbox', '--disable-gpu'])
        yield browser.new_page(viewport=DESK)
        browser.close()


def fetch(tab, url):
    "Open a page as a newcomer at a desk does, and note what happened: errors and requests"
    seen = SimpleNamespace(tab=tab, errors=[], requests=[])
    listeners = {'console': lambda m: m.type in ('error', 'warning') and seen.errors.append(m.text), 'pageerror': lambda e: seen.errors.append(str(e)),
                 'request': lambda r: seen.requests.append(r.url), 'requestfailed': lambda r: seen.errors.append(f'{r.url}: {r.failure}'),
                 'response': lambda r: r.status >= 400 and seen.errors.append(f'{r.url}: {r.status}')}
    for event, f in listeners.items(): tab.on(event, f)
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme='light', reduced_motion='reduce')
    tab.goto(url, wait_until='networkidle')
    for event, f in listeners.items(): tab.remove_listener(event, f)
    return seen


# a page's tests stay with one worker, which has it open
@pytest.fixture(scope='module', params=[pytest.param(p, marks=pytest.mark.xdist_group(p)) for p in pages])
def page(request, tab, address):
    return fetch(tab, address + request.param)


def test_nothing_fails_and_nothing_is_asked_from_elsewhere(page, address):
    assert not page.errors
    assert not [u for u in page.requests if not u.startswith((address, 'data:'))]


def test_size(page, address):
    "The page with its own pictures; what all pages share (themes, search, KaTeX) is fetched once"
    own = {u for u in page.requests if u.startswith(address) and not re.search(r'/(site_libs|katex)/|styles\.css|search\.json', u)}
    size = sum((docs/u.removeprefix(address)).stat().st_size for u in own)
    assert size < 1.5e6, f'{size/1e6:.2f} MB'


def test_math_is_rendered(page):
    wrong = page.tab.evaluate('''() => {
        const out = [...document.querySelectorAll('.katex-error')].map(e => e.title || e.textContent)
        const left = [...document.querySelectorAll('main .math')].filter(e => !e.querySelector('.katex')).map(e => e.textContent)
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
        while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('pre, code, script, .katex')) {
            const bad = walk.currentNode.textContent.match(/\\$[^$\\n]*[\\\\^_][^$\\n]*\\$|\\\\(begin|frac|mathcal|hat|theta|lambda|[([])|@(eq|fig|sec)-/)
            if (bad) left.push(bad[0])
        }
        return out.concat(left)
    }''')
    assert not wrong


def test_images_are_there_and_described(page):
    wrong = page.tab.evaluate('''async () => {
        const all = [...document.images]
        await Promise.all(all.map(i => { i.loading = 'eager'; return i.decode().catch(() => 0) }))
        return all.filter(i => !i.naturalWidth || !i.alt).map(i => (i.naturalWidth ? 'no alt: ' : 'missing: ') + i.src.slice(0, 80))
    }''')
    assert not wrong


@pytest.mark.parametrize('size', [PHONE, DESK], ids=['390', '1300'])
def test_readable(page, size):
    "The page never scrolls sideways, nothing is cut off at the edge, letters are not tiny"
    page.tab.set_viewport_size(size)
    wrong = page.tab.evaluate('''() => {
        const w = document.documentElement.clientWidth, out = []
        const scrolls = e => e && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement))
        if (document.documentElement.scrollWidth > w) out.push(`the page is ${document.documentElement.scrollWidth} wide`)
        for (const e of document.querySelectorAll('main *')) {
            const r = e.getBoundingClientRect()
            if (r.width && r.right > w + 1 && !scrolls(e) && !e.closest('svg, .katex-mathml')) out.push(`${e.tagName}.${e.className} ends at ${Math.round(r.right)}: ${e.textContent.slice(0, 60)}`)
        }
        for (const e of document.querySelectorAll('main p, main li, main td, main pre')) {
            const size = parseFloat(getComputedStyle(e).fontSize)
            if (e.offsetWidth && size < 12) out.push(`${size} px: ${e.textContent.slice(0, 60)}`)
        }
        return out.slice(0, 5)
    }''')
    assert not wrong


def test_nothing_scrolls_sideways_at_a_desk_and_no_prose_on_a_phone(page):
    "Code, outputs, tables, figures and equations fit their column at 1,300 px; at 390 px they scroll in their own box, and paragraphs never do"
    def too_wide(size, selector):
        page.tab.set_viewport_size(size)
        return page.tab.evaluate('''selector => {
            const edge = document.querySelector('main').getBoundingClientRect().right + 1, out = []
            for (const e of document.querySelectorAll(selector)) {
                if (!e.offsetWidth || e.closest('.katex-mathml') || getComputedStyle(e).display == 'inline') continue
                const scrolls = e.scrollWidth > e.clientWidth + 1, sticks = e.getBoundingClientRect().right > edge
                if (scrolls || sticks) out.push(`${e.tagName}.${e.className}: ${scrolls ? e.scrollWidth + ' in ' + e.clientWidth : 'sticks out'}: ${e.textContent.trim().slice(0, 60)}`)
            }
            return out
        }''', selector)
    wide = too_wide(DESK, 'main :is(pre, table, img, figure, .cell-output, .cell-output-display, .sd-table, .katex-display, p, li, dd, blockquote, details)')
    assert not wide, f'{len(wide)} at 1,300 px: ' + '\n'.join(wide)
    wide = too_wide(PHONE, 'main :is(h1, h2, h3, h4, p:not(blockquote p:has(br)), li, dd, summary):not(:is(table, .katex-display, .cell-output-display) *)')
    assert not wide, f'{len(wide)} at 390 px: ' + '\n'.join(wide)


schemes = pytest.mark.parametrize('scheme', ['light', 'dark'])


def axe(tab, context, rules):
    "What axe finds there by these rules: tags or names"
    if not tab.evaluate('!!window.axe'): tab.add_script_tag(path=AXE)
    return tab.evaluate('''([context, rules]) => axe.run(context, {
        runOnly: rules[0].startsWith('wcag') ? {type: 'tag', values: rules} : rules, resultTypes: ['violations'],
        rules: rules[0].startsWith('wcag') ? Object.fromEntries(['heading-order', 'page-has-heading-one', 'empty-heading'].map(r => [r, {enabled: true}])) : {},
    }).then(r => r.violations.flatMap(v => v.nodes.slice(0, 6).map(n => `${v.id}: ${n.target} ${n.any[0]?.message ?? ''} ${n.html.slice(0, 100)}`)))''',
        [context, rules])


@schemes
def test_axe(page, scheme):
    "WCAG 2 A and AA, and the order of headings. Letters inside an equation have the colour of the text around it, which is measured."
    page.tab.set_viewport_size(DESK)
    page.tab.emulate_media(color_scheme=scheme)
    page.tab.wait_for_function('dark => document.querySelector(".quarto-dark") ? dark : !dark', arg=scheme == 'dark')
    found = axe(page.tab, {'exclude': ['.katex']}, ['color-contrast'] if scheme == 'dark' else ['wcag2a', 'wcag2aa'])
    assert not found, '\n'.join(found)


# ---- Quarto's own page: what the preview build does not write (quarto/make.py)

@pytest.fixture
def quartos(tab, scheme):
    "A page as Quarto writes it, with what of its themes touches it, under our styles and with our scripts"
    folder = root/'tests/site/quarto'
    sheets = [folder/'light.css', *[folder/'dark.css'] * (scheme == 'dark'), root/'nbs/styles.css']        # dark is laid upon light
    css = '\n'.join(s.read_text(encoding='utf-8') for s in sheets)
    ours = ''.join(i['text'] for i in config['format']['html']['include-after-body'])
    html = tool.mend((folder/'page.html').read_text(encoding='utf-8'), '', SITE).replace('quarto-light', f'quarto-{scheme}')
    tab.set_viewport_size(DESK)
    tab.set_content(html.replace('</head>', f'<style>{css}</style></head>').replace('</body>', f'{ours}</body>'), wait_until='load')
    return tab


@schemes
def test_quartos_own_colours_and_names(quartos):
    "The bar, the way here, the contents, code among words, and then what the search has found"
    over = 'document.querySelector(".aa-DetachedOverlay").style.display'
    quartos.evaluate(f'{over} = "none"')
    measured = quartos.evaluate("""['.navbar-title', '.navbar .menu-text', '.breadcrumb-item a', '#TOC a.active', '#TOC a:not(.active)', '.sidebar-link.active', 'p > code', 'li > code', 'td code',
        'h2 > code', 'a > code', 'summary', '.cell-output pre', 'td'].filter(s => ![...document.querySelectorAll(s)].some(e => e.offsetWidth))""")
    assert not measured, f'not on the page, or hidden: {measured}'
    found = axe(quartos, {'exclude': ['.aa-DetachedOverlay']}, ['color-contrast', 'button-name', 'aria-input-field-name', 'link-name'])
    quartos.evaluate(f'{over} = ""')
    found += axe(quartos, '.aa-DetachedOverlay', ['color-contrast'])
    assert not found, '\n'.join(found)


@schemes
def test_quartos_page_does_not_scroll_sideways_on_a_phone(quartos):
    quartos.set_viewport_size(PHONE)
    assert quartos.evaluate('document.querySelector("main").scrollWidth') <= 390


# ---- what a reader does

def search(tab):
    "The field to type in and what it finds: behind a button by Quarto, in the bar in the preview build"
    button = tab.locator('#quarto-search button')
    if not button.count(): return tab.locator('#quarto-search input'), tab.locator('#quarto-search a')
    button.click()
    return tab.locator('.aa-Input'), tab.locator('.aa-Panel li')


def test_search_finds_an_equation(tab, address):
    fetch(tab, address + 'brain/one_model.html')
    (box, hits), missed = search(tab), []
    for n in range(1, 13):
        box.fill(f'eq. {n}')
        for _ in range(10):                                            # the first search waits for its index
            tab.wait_for_timeout(400)
            if any(re.search(rf'eq\. {n}\b', text) for text in hits.all_inner_texts()[:6]): break
        else: missed.append(n)
    assert not missed
    box.fill('total variation')
    tab.locator(':is(#quarto-search, .aa-Panel) a[href*="regularizers.html"]').first.click(timeout=10_000)
    tab.wait_for_url('**/regularizers.html*')


def test_the_reader_may_choose_dark_and_keeps_it(tab, address):
    fetch(tab, address + 'index.html')
    def ground(): return tab.evaluate('getComputedStyle(document.body).backgroundColor')
    light = ground()
    tab.locator('.quarto-color-scheme-toggle:visible').click()
    tab.wait_for_function('old => getComputedStyle(document.body).backgroundColor != old', arg=light)
    tab.goto(address + 'recall.html')
    assert ground() != light
    tab.evaluate('localStorage.clear()')


def test_on_a_phone_the_chapters_open_from_a_button(tab, address):
    fetch(tab, address + 'recall.html')
    tab.set_viewport_size(PHONE)
    link = tab.locator('#quarto-sidebar a', has_text='20 Automatic')
    assert not link.is_visible() or link.bounding_box()['x'] < 0
    tab.locator('.quarto-btn-toggle:visible').first.click()
    link.click()
    tab.wait_for_url('**/arm.html')
