"Build file: everything it says is read from settings.ini."
import re
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

here = Path(__file__).parent
ini = ConfigParser(delimiters=['='], interpolation=None)
ini.read(here/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
readme = here/'README.md'
def whole(m): # PyPI shows the README, but has neither its files nor its pictures
    return m[1] + cfg['git_url'] + ('/raw/' if m[2].endswith(('.gif', '.png')) else '/blob/') + cfg['branch'] + '/' + m[2]
about = re.sub(r'(\]\(|src="|srcset=")(?!\w+:|#)([^)\s"]+)', whole, readme.read_text(encoding='utf-8')) if readme.exists() else cfg['description']
status = {'1': 'Planning', '2': 'Pre-Alpha', '3': 'Alpha', '4': 'Beta', '5': 'Production/Stable'}[cfg['status']]

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], keywords=cfg['keywords'].split(),
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'],
    project_urls={'Documentation': cfg['doc_host'] + cfg['doc_baseurl'] + '/'},
    long_description=about,
    long_description_content_type='text/markdown',
    license='Apache-2.0', license_files=['LICENSE'], python_requires='>=' + cfg['min_python'],
    classifiers=[f"Development Status :: {cfg['status']} - {status}", f"Intended Audience :: {cfg['audience']}",
                 f"Natural Language :: {cfg['language']}", 'Programming Language :: Python :: 3', 'Typing :: Typed',
                 'Topic :: Scientific/Engineering :: Artificial Intelligence'],
    packages=find_packages(include=['arm_nb', 'arm_nb.*']),
    package_data={'arm_nb': ['*.mplstyle', '*.csv', 'py.typed']},
    install_requires=cfg['requirements'].split(),
    extras_require={k.removesuffix('_requirements'): cfg[k].split() for k in cfg if k.endswith('_requirements')},
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': [f"{cfg['lib_name']}=arm_nb._modidx:d"]},
    zip_safe=False,
)
