"""Calls of the public functions with wrong types, shapes and dtypes, and files that were damaged: does anything end unclearly?

    python benchmarks/fuzz.py --calls 100000 --seed 0 [--only learner,replay] [--minutes 10] [--json out.json]

A call ends well with a result, or with an error whose message contains the name of an argument that was wrong (of a file: its path).
Losses give NaN for NaN. All else is counted by function, with an example of each kind. `tests/test_fuzz.py` is the short form.
"""
import argparse, io, json, re, resource, sys, tempfile, time, warnings
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from arm_nb import arm, brain, divergence, experiment, figures, knowledge, learner, methods, metrics, models, networks, readers, recall, record, regularizers, report, settings, stats, streams, sweeps
from arm_nb.baselines import constraints, gem, generative, icarl, inversion, replay, simple
from arm_nb.experiment import METHODS, ask

torch.set_num_threads(1)

# ---- values that are wrong, or at least odd

ODD = {
    'None': lambda: None, 'True': lambda: True, '0': lambda: 0, '-1': lambda: -1, '3': lambda: 3, '1.5': lambda: 1.5, '-0.1': lambda: -.1, 'nan': lambda: float('nan'), 'inf': lambda: float('inf'),
    '2**64': lambda: 2**64, 'int64(3)': lambda: np.int64(3), 'float32(.5)': lambda: np.float32(.5), 'array(nan)': lambda: np.array(np.nan), "'x'": lambda: 'x', "''": lambda: '', "b'x'": lambda: b'x',
    '[]': lambda: [], '[1]': lambda: [1], "['x']": lambda: ['x'], '{}': lambda: {}, "{'x': 1}": lambda: {'x': 1}, '()': lambda: (), '{1}': lambda: {1}, 'object()': lambda: object(), 'lambda': lambda: (lambda *a: None), 'int': lambda: int,
    'Path': lambda: Path('/nowhere/x'), 'zeros(3)': lambda: torch.zeros(3), 'zeros(2, 3)': lambda: torch.zeros(2, 3), 'zeros(0)': lambda: torch.zeros(0), 'zeros(4, 1, 4, 4)': lambda: torch.zeros(4, 1, 4, 4), 'scalar': lambda: torch.tensor(1.),
    'bytes(4, 1, 4, 4)': lambda: torch.zeros(4, 1, 4, 4, dtype=torch.uint8), 'arange(4)': lambda: torch.arange(4), 'Linear': lambda: nn.Linear(2, 2), 'array(4, 4)': lambda: np.zeros((4, 4)), 'array of objects': lambda: np.array([None, 'x'], dtype=object)}

BENT = {                                                                 # a good tensor, bent
    **{f'to {d}': lambda t, d=d: t.to(d) for d in (torch.uint8, torch.int64, torch.bool, torch.float16, torch.float64, torch.complex64)},
    'squeezed': lambda t: t.flatten(), 'one axis more': lambda t: t[None], 'first only': lambda t: t[:1], 'none': lambda t: t[:0], 'one less': lambda t: t[:-1], 'scalar': lambda t: t.flatten()[0], 'transposed': lambda t: t.transpose(0, -1),
    'NaN': lambda t: t.float() * torch.nan, 'infinite': lambda t: t.float() + torch.inf, 'negative': lambda t: -1 - t, 'large': lambda t: t * 300, 'array': lambda t: t.numpy(), 'list': lambda t: t.tolist(), 'learns': lambda t: t.float().requires_grad_(),
    'strange order': lambda t: t.flip(0)}


# ---- what is called, and with what

@dataclass
class Case:
    "A function and good arguments for it"
    call: object         # (**arguments) -> a result
    good: object         # () -> dict of arguments
    loss: bool = False   # does it give NaN for NaN?
    keep: tuple = ()     # arguments that stay good
    words: dict = None   # argument -> what a message may call it instead


def net(*layers):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 5), *layers, nn.ReLU(), nn.Linear(5, 3))


def x(n=4): return torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(n))
def y(n=4): return torch.arange(n) % 2
def logits(seed=0): return torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))
def g(): return torch.Generator().manual_seed(0)


SMALL = dict(N=4, M=4, T=2, recall_from=2, S=1, mem_total=6, candidates=5, iterations=1, hidden=3, z=2, warmup=8)


def config(name):
    base = METHODS[name].config.preset('mnist-mini')
    has = {f.name for f in fields(base)}
    return type(base)(**{**{f.name: getattr(base, f.name) for f in fields(base)}, **{k: v for k, v in SMALL.items() if k in has}})


def network(name): return METHODS[name].model((1, 4, 4), 3, 0) if name.startswith('gen') else net()


def strategy(name, seen=True):
    s = METHODS[name].strategy(network(name), config(name), g())
    if seen:
        for k in range(3): s.begin_task(); s.observe(x(), torch.tensor([k, k, k, (k + 1) % 3]) if k < 2 else torch.tensor([2, 2, 2, 2]))
    return s


def stream(): return streams.Stream.from_arrays('mine', (x(60)*255).byte(), torch.arange(60) % 3, n_tasks=3)


def functions():
    "name -> Case"
    z = lambda: dict(logits_old=logits(), logits_new=logits(1))
    D, R, K, S, B = divergence, regularizers, knowledge, streams, replay
    cases = {
        'divergence.js_div': Case(D.js_div, lambda: z() | dict(weight=torch.ones(4)), True), 'divergence.mean_kl_div': Case(D.mean_kl_div, lambda: z() | dict(weight=torch.ones(4)), True),
        'divergence.ce_div': Case(D.ce_div, lambda: z() | dict(weight=torch.ones(4)), True), 'divergence.soft_cross_entropy': Case(D.soft_cross_entropy, lambda: dict(logits=logits(), target_logits=logits(1), weight=torch.ones(4)), True),
        'divergence.js_each': Case(D.js_each, z), 'divergence.weighted_mean': Case(D.weighted_mean, lambda: dict(values=torch.rand(4), weight=torch.ones(4)), True),
        'divergence.violations': Case(D.violations, lambda: z() | dict(present=[1], div='js')), 'divergence.max_violation': Case(D.max_violation, lambda: z() | dict(present=[1], div='js')),
        'regularizers.batch_entropy': Case(R.batch_entropy, lambda: dict(logits=logits(), weight=torch.ones(4)), True), 'regularizers.sharpness': Case(R.sharpness, lambda: dict(logits=logits(), weight=torch.ones(4)), True),
        'regularizers.l2_norm': Case(R.l2_norm, lambda: dict(x=x(), weight=torch.ones(4)), True), 'regularizers.total_variation': Case(R.total_variation, lambda: dict(x=x(), weight=torch.ones(4)), True),
        'knowledge.graph': Case(K.graph, lambda: dict(f=net(), x=x())), 'knowledge.local': Case(K.local, lambda: dict(y_old=y(), y_new=y(), present=[1])), 'knowledge.grid_2d': Case(K.grid_2d, lambda: dict(n=3, lo=0., hi=1.)),
        'knowledge.forgotten': Case(K.forgotten, lambda: dict(f_old=net(), f_new=net(), x=x(), present=[1])),
        'recall.nonlocality': Case(recall.nonlocality, lambda: dict(logits=logits(), present=[1], weight=torch.ones(4)), True), 'recall.present_share': Case(recall.present_share, lambda: dict(present=[1], logits=logits())),
        'recall.recall_objective': Case(recall.recall_objective, lambda: dict(x_hat=x(), model_old=net(), model=net(), present=[1], cfg=recall.RecallConfig(), weight=torch.ones(4)), True),
        'recall.recall': Case(recall.recall, lambda: dict(x_init=x(), model_old=net(), model=net(), present=[1], cfg=recall.RecallConfig(S=1), weight=torch.ones(4))),
        'inversion.invert': Case(inversion.invert, lambda: dict(x_init=x(), classes=y(), model_old=net(), model=net(), cfg=inversion.AdiConfig(S=1), weight=torch.ones(4))),
        'metrics.average_accuracy': Case(metrics.average_accuracy, lambda: dict(a=[[1., 0.], [.5, 1.]])), 'metrics.forgetting': Case(metrics.forgetting, lambda: dict(a=[[1., 0.], [.5, 1.]])),
        'metrics.task_forgetting': Case(metrics.task_forgetting, lambda: dict(a=[[1., 0.], [.5, 1.]], i=-1)), 'metrics.mean_sd': Case(metrics.mean_sd, lambda: dict(values=[1., 2.])),
        'settings.one_of': Case(settings.one_of, lambda: dict(known=['a', 'b'], name='a', what='letter'), keep=('known', 'what'), words=dict(name='letter')), 'settings.check_number': Case(settings.check_number, lambda: dict(value=1, what='value'), keep=('what',)),
        'networks.n_outputs': Case(networks.n_outputs, lambda: dict(model=net(), x=x())), 'networks.sgd_step': Case(networks.sgd_step, lambda: dict(model=(m := net()), loss=m(x()).sum(), eta=.1)),
        'models.MLP': Case(models.MLP, lambda: dict(in_shape=(1, 4, 4), n_classes=3, hidden=5)), 'models.resnet18': Case(models.resnet18, lambda: dict(in_shape=(3, 32, 32), n_classes=3, width=1)),
        'models.model_for': Case(models.model_for, lambda: dict(in_shape=(1, 4, 4), n_classes=3, seed=0)), 'models.MLP.forward': Case(lambda x: models.MLP((1, 4, 4), 3, 5)(x), lambda: dict(x=x())),
        'models.Memory': Case(models.Memory, lambda: dict(images=1, in_shape=(1, 2, 2), parameters=3)),
        'streams.to_unit': Case(S.to_unit, lambda: dict(x=(x()*255).byte())), 'streams.order': Case(S.order, lambda: dict(n=5, seed=0, stage=0, pass_=0)),
        'streams.class_tasks': Case(S.class_tasks, lambda: dict(n_classes=6, n_tasks=3, task_sizes=[2, 2, 2], class_order=0)), 'streams.check_batch': Case(S.check_batch, lambda: dict(xb=x(), yb=y(), in_shape=(1, 4, 4), n_classes=3), keep=('in_shape', 'n_classes')),
        'streams.as_bytes': Case(S.as_bytes, lambda: dict(x=x(), y=y(), what='x', channels='first'), keep=('what',), words=dict(y='labels')),
        'streams.Stream.from_arrays': Case(S.Stream.from_arrays, lambda: dict(name='mine', x=(x(60)*255).byte(), y=torch.arange(60) % 3, n_tasks=3, sizes=(.8, .1, .1), task_sizes=[1, 1, 1], class_order=0, passes=1, drop_last=False, channels='first', class_names=list('abc')), words=dict(y='labels')),
        'streams.Stream.batches': Case(lambda stage, N, seed: list(stream().batches(stage, N, seed)), lambda: dict(stage=0, N=4, seed=0)), 'streams.Stream.n_batches': Case(lambda stage, N: stream().n_batches(stage, N), lambda: dict(stage=0, N=4)),
        'streams.Stream.with_class_order': Case(lambda order: stream().with_class_order(order), lambda: dict(order=[2, 0, 1])), 'streams.Stream.for_run': Case(lambda seed: stream().for_run(seed), lambda: dict(seed=1)),
        'streams.get_stream': Case(S.get_stream, lambda: dict(name='mnist-mini', root=None, protocol='own'), words=dict(name='data set')), 'streams.validate': Case(S.validate, lambda: dict(stream=stream())), 'streams.is_there': Case(S.is_there, lambda: dict(name='mnist5k', root='/nowhere'), words=dict(name='data set')),
        'learner.count_right': Case(learner.count_right, lambda: dict(strategy=strategy('naive', False), x=(x()*255).byte(), y=y(), batch=3)), 'learner.check_fit': Case(learner.check_fit, lambda: dict(strategy=strategy('naive', False), stream=stream())),
        'learner.evaluate': Case(learner.evaluate, lambda: dict(strategy=strategy('naive', False), sets=[((x()*255).byte(), y())], batch=3)), 'learner.try_network': Case(learner.try_network, lambda: dict(model=net(), xb=x())),
        'learner.Learner': Case(learner.Learner, lambda: dict(strategy=strategy('naive', False), stream=stream(), seed=0, eval_on='test', eval_every=0, progress=False, callbacks=(), checkpoint=None, checkpoint_every=0, method='naive', flavour='released', marks={}, order_seed=0)),
        'replay.to_bytes': Case(B.to_bytes, lambda: dict(x=x())), 'replay.Reservoir': Case(B.Reservoir, lambda: dict(mem_total=3, generator=g())), 'replay.Reservoir.add': Case(lambda x, y: B.Reservoir(3).add(x, y), lambda: dict(x=x(), y=y())),
        'replay.Reservoir.sample': Case(lambda n, exclude, before: filled().sample(n, exclude=exclude, before=before), lambda: dict(n=2, exclude=[1], before=1)),
        'icarl.features_of': Case(icarl.features_of, lambda: dict(model=net(), x=x(), batch=2)), 'icarl.herding': Case(icarl.herding, lambda: dict(features=torch.rand(4, 3), n=2)), 'icarl.Exemplars': Case(icarl.Exemplars, lambda: dict(mem_total=3)),
        'icarl.Exemplars.add': Case(lambda x, y: icarl.Exemplars(3).add(x, y), lambda: dict(x=x(), y=y())), 'icarl.exemplars': Case(lambda c: strategy('icarl').exemplars(c), lambda: dict(c=1), words=dict(c='class')),
        'icarl.class_means': Case(icarl.class_means, lambda: dict(features=torch.rand(4, 3), y=y(), n_classes=3)), 'gem.project': Case(gem.project, lambda: dict(g=torch.rand(5), G=torch.rand(2, 5), margin=.5)), 'gem.dual': Case(gem.dual, lambda: dict(A=torch.eye(3), margin=.5)),
        'gem.Ring': Case(gem.Ring, lambda: dict(n_classes=3, per_class=2, in_shape=(1, 4, 4))), 'gem.Ring.add': Case(lambda xb, yb: gem.Ring(3, 2, (1, 4, 4)).add(xb, yb), lambda: dict(xb=x(), yb=y())),
        'generative.vae_for': Case(generative.vae_for, lambda: dict(in_shape=(1, 4, 4), cfg=config('gen'), seed=0)),
        'experiment.ask': Case(ask, lambda: dict(data='mnist-mini', method='arm', seed=0, root=None, flavour='released', preset='mnist5k', model=None, class_order=None, protocol='own', drop_last=False, rehearsal=2, weights_seed=0, order_seed=0, device='cpu', amp='off', eval_on='test', eval_every=0, lambda_3=1.)),
        'readers.read_mnist': Case(readers.read_mnist, lambda: dict(kind='MNIST', root='/nowhere')), 'readers.read_image': Case(readers.read_image, lambda: dict(path=PICTURE, side=8, least=2)),
        'record.pick_device': Case(record.pick_device, lambda: dict(name='cpu'), words=dict(name='device')), 'record.Compute': Case(record.Compute, lambda: dict(device='cpu', amp='off', channels_last=False, compile=False)), 'record.load_records': Case(record.load_records, lambda: dict(folder='/nowhere'))}
    cases |= measures()
    for name in METHODS:
        kind, s = METHODS[name].strategy, f'METHODS[{name}]'
        cases |= {f'{s}.__init__': Case(kind, lambda name=name: dict(model=network(name), cfg=config(name), generator=g()), words=dict(cfg='settings')), f'{s}.observe': Case(lambda xb, yb, name=name: strategy(name).observe(xb, yb), lambda: dict(xb=x(), yb=y())),
                  f'{s}.observe, first': Case(lambda model, xb, yb, kind=kind, name=name: kind(model, config(name), g()).observe(xb, yb), lambda name=name: dict(model=network(name), xb=x(), yb=y())),
                  f'{s}.predict': Case(lambda x, name=name: strategy(name).predict(x), lambda: dict(x=x())), f'{s}.Config': Case(METHODS[name].config, lambda name=name: {f.name: getattr(config(name), f.name) for f in fields(config(name))}),
                  f'{s}.Config.preset': Case(METHODS[name].config.preset, lambda: dict(data='mnist-mini', flavour='paper', iterations=5), words=dict(data='preset')),
                  f'{s}.load_state_dict': Case(lambda name=name, **state: strategy(name, False).load_state_dict(state), lambda name=name: strategy(name).state_dict())}
    return cases


def registered(**arguments):
    "`register_data`, taken back."
    before = set(streams.DATASETS)
    try: return streams.register_data(**arguments)
    finally:
        for name in set(streams.DATASETS) - before: del streams.DATASETS[name]


def measures():
    "What is measured, drawn and reported: name -> Case"
    B, F, G, I, T, N = brain, figures, generative, inversion, stats, networks
    v, w, four, m = lambda: [.1, .3, .2, .4], lambda: [.2, .1, .1, .3], lambda: torch.rand(4, 3), lambda: torch.rand(4, 5)
    one, two = lambda: dict(record=RECORD), lambda: dict(records=[RECORD])
    runs = lambda: report.runs_table([RECORD, replace(RECORD, seed=1)])
    adi = lambda: inversion.AdiConfig(S=1)
    return {
        'stats.t_factor': Case(T.t_factor, lambda: dict(df=3)), 'stats.seed_interval': Case(T.seed_interval, lambda: dict(values=v())), 'stats.paired': Case(T.paired, lambda: dict(ours=v(), theirs=w())),
        'stats.summary': Case(T.summary, lambda: dict(values=v())), 'stats.welch': Case(T.welch, lambda: dict(ours=T.summary(v()), theirs=T.summary(w()))), 'stats.printed': Case(T.printed, lambda: dict(method='arm', data='mnist5k', mean=.563, plus_minus=.012)),
        'stats.printed_kind': Case(T.printed_kind, lambda: dict(method='arm', data='mnist5k')), 'stats.verdict': Case(T.verdict, lambda: dict(ours=v(), theirs=w(), margin=5.)), 'stats.exact_test': Case(T.exact_test, lambda: dict(value=1., every=[1., 0.])),
        'stats.permutation_test': Case(T.permutation_test, lambda: dict(value=1., shuffled=lambda g: 0., shuffles=9, generator=g())), 'stats.sign_flip_test': Case(T.sign_flip_test, lambda: dict(d=v(), shuffles=9, generator=g()), words=dict(d='the statistic')), 'stats.sign_test': Case(T.sign_test, lambda: dict(d=v())),
        'stats.shuffle_rows': Case(T.shuffle_rows, lambda: dict(n=4, generator=g(), groups=[0, 0, 1, 1])), 'stats.correlation': Case(T.correlation, lambda: dict(u=v(), v=w())), 'stats.ranks': Case(T.ranks, lambda: dict(v=v())),
        'metrics.accuracy_matrix': Case(metrics.accuracy_matrix, lambda: dict(a=[[1., 0.], [.5, 1.]])), 'metrics.backward_transfer': Case(metrics.backward_transfer, lambda: dict(a=[[1., 0.], [.5, 1.]])),
        'metrics.plus_minus': Case(metrics.plus_minus, lambda: dict(mean=1., sd=.1, form='.1f', sd_form='.1f')), 'metrics.format_mean_sd': Case(metrics.format_mean_sd, lambda: dict(values=v(), scale=100, digits=1)),
        'divergence.mean_kl_each': Case(divergence.mean_kl_each, lambda: dict(logits_old=logits(), logits_new=logits(1))), 'divergence.ce_each': Case(divergence.ce_each, lambda: dict(logits_old=logits(), logits_new=logits(1))),
        'arm.draw_starts': Case(arm.draw_starts, lambda: dict(cfg=config('arm'), N=4, generator=g())), 'arm.distill_loss': Case(arm.distill_loss, lambda: dict(logits=logits(), answers=logits(1), targets='soft', weight=torch.ones(4)), True, words=dict(answers='target_logits')),
        'generative.kl_to_prior': Case(G.kl_to_prior, lambda: dict(mean=four(), var=four())), 'generative.warm_up': Case(G.warm_up, lambda: dict(images=5, warmup=8, max_beta=1.)), 'generative.model_gain': Case(G.model_gain, lambda: dict(logits=logits(), logits_old=logits(1), harm=1., entropy=.1), True, words=dict(logits_old='target_logits')),
        'generative.vae_loss': Case(G.vae_loss, lambda: dict(vae=G.vae_for((1, 4, 4), config('gen'), 0), x=x(), noise=torch.zeros(4, 2), beta=1.)), 'generative.diversity': Case(G.diversity, lambda: dict(z=four(), found=torch.rand(2, 4, 3))),
        'generative.search': Case(G.search, lambda: dict(gain=lambda z: z.sum(), starts=torch.rand(2, 4, 3), steps=1, eta=.1, weight=.1)), 'icarl.nearest_mean': Case(icarl.nearest_mean, lambda: dict(features=four(), means=four(), known=torch.ones(4, dtype=torch.bool))),
        'icarl.distinct': Case(icarl.distinct, lambda: dict(x=(x()*255).byte())), 'icarl.icarl_targets': Case(icarl.icarl_targets, lambda: dict(y=y(), n_classes=3, answers=four(), old=torch.ones(3, dtype=torch.bool))),
        'icarl.icarl_loss': Case(icarl.icarl_loss, lambda: dict(logits=logits(), targets=four(), seen=torch.ones(3, dtype=torch.bool))), 'inversion.draw_classes': Case(I.draw_classes, lambda: dict(absent=[0, 1], M=3, generator=g())),
        'inversion.batch_statistics': Case(I.batch_statistics, lambda: dict(x=x(), counts=torch.ones(4))), 'inversion.adi_objective': Case(I.adi_objective, lambda: dict(x_hat=x(), model_old=net(), model=net(), classes=y(), cfg=adi(), weight=torch.ones(4))),
        'inversion.invert_literal': Case(I.invert_literal, lambda: dict(x_init=x(), classes=y(), model_old=net(), model=net(), cfg=adi())), 'replay.reservoir_slots': Case(replay.reservoir_slots, lambda: dict(u=torch.rand(4), n_seen=3, mem_total=6)),
        'replay.interference': Case(replay.interference, lambda: dict(model=(n := net()), ahead=dict(n.named_parameters()), x=x(), y=y())), 'simple.masked_cross_entropy': Case(simple.masked_cross_entropy, lambda: dict(logits=logits(), y=y()), True),
        'simple.untrained_features': Case(simple.untrained_features, lambda: dict(kind='random', n=5, in_shape=(1, 8, 8), seed=0)), 'simple.place_for': Case(simple.place_for, lambda: dict(c=1, y=torch.tensor([0, 0, -1]), generator=g())),
        'simple.train_on': Case(simple.train_on, lambda: dict(model=net(), x=(x()*255).byte(), y=y(), cfg=config('gdumb'), seed=0)), 'constraints.pull': Case(constraints.pull, lambda: dict(params=[four()], anchor=[four()], weight=[four()], eta=.1)),
        'constraints.one_constraint': Case(constraints.one_constraint, lambda: dict(g=[four()], g_ref=[four()])), 'constraints.fisher_draw': Case(constraints.fisher_draw, lambda: dict(logits=(n := net())(x()), params=[*n.parameters()], generator=g())),
        'networks.sgd_step_fused': Case(N.sgd_step_fused, lambda: dict(model=(n := net()), loss=n(x()).sum(), eta=.1)), 'networks.gradient': Case(N.gradient, lambda: dict(model=(n := net()), loss=n(x()).sum())),
        'networks.after_step': Case(N.after_step, lambda: dict(model=(n := net()), grads=[p.clone() for p in n.parameters()], eta=.1)), 'networks.frozen_copy': Case(N.frozen_copy, lambda: dict(model=net())), 'networks.renew': Case(N.renew, lambda: dict(old=net(), new=net())),
        'networks.has_batch_norm': Case(N.has_batch_norm, lambda: dict(model=net())), 'networks.with_seed': Case(N.with_seed, lambda: dict(make=net, seed=0)), 'networks.why_not_distinct': Case(N.why_not_distinct, lambda: dict(model=net())),
        'brain.layer_activations': Case(B.layer_activations, lambda: dict(model=net(), x=x())), 'brain.class_patterns': Case(B.class_patterns, lambda: dict(a=m(), y=y(), n_classes=2)), 'brain.overlap': Case(B.overlap, lambda: dict(seen=m(), recalled=m())),
        'brain.same_minus_other': Case(B.same_minus_other, lambda: dict(s=torch.rand(4, 4))), 'brain.top_overlap': Case(B.top_overlap, lambda: dict(seen=m(), recalled=m(), k=2)), 'brain.mutual_information': Case(B.mutual_information, lambda: dict(b=four().numpy(), r=four().numpy())),
        'brain.explained_by_class': Case(B.explained_by_class, lambda: dict(change=m(), y=y())), 'brain.sample_gradients': Case(B.sample_gradients, lambda: dict(model=net(), x=x(), targets=y())), 'brain.gradient_correlation': Case(B.gradient_correlation, lambda: dict(g1=dict(a=m()), g2=dict(a=m()))),
        'brain.draw_of_class': Case(B.draw_of_class, lambda: dict(y=y(), wanted=torch.tensor([0, 1]), generator=g())), 'brain.content_correlation': Case(B.content_correlation, lambda: dict(model=net(), x_hat=x(), targets=y(), x_target=x(), x_other=x(), chunk=2)),
        'brain.lagged_correlation': Case(B.lagged_correlation, lambda: dict(u=m().numpy(), v=m().numpy(), lags=[0, 1])), 'brain.without_means': Case(B.without_means, lambda: dict(v=m().numpy(), groups=[0, 0, 1, 1])), 'brain.circular_shift': Case(B.circular_shift, lambda: dict(v=m().numpy(), generator=g())),
        'brain.between_tasks': Case(B.between_tasks, lambda: dict(accuracy=m().numpy(), recall=m().numpy(), skip=0)), 'brain.swap_test': Case(B.swap_test, lambda: dict(c=torch.rand(3, 3), shuffles=9, generator=g())),
        'brain.recall_signal': Case(B.recall_signal, lambda: dict(model_old=net(), model=net(), xb=x(), yb=y(), cfg=config('arm'))), 'brain.recency_index': Case(B.recency_index, lambda: dict(profile=np.array([[.5, .3, .2]]))), 'brain.verdicts': Case(B.verdicts, lambda: dict(claims=dict(a=(v(), w(), 1.)), digits=2)),
        'brain.task_ages': Case(B.task_ages, one), 'brain.recalled_by_task': Case(B.recalled_by_task, one), 'brain.recall_and_accuracy': Case(B.recall_and_accuracy, one), 'figures.recalled_array': Case(F.recalled_array, one), 'figures.kept_iterations': Case(F.kept_iterations, one),
        'figures.task_windows': Case(F.task_windows, one), 'figures.plot_recalled_classes': Case(F.plot_recalled_classes, one), 'figures.accuracy_curves': Case(F.accuracy_curves, one), 'figures.plot_accuracy': Case(F.plot_accuracy, two), 'figures.task_style': Case(F.task_style, lambda: dict(j=1)),
        'figures.mosaic': Case(F.mosaic, lambda: dict(rows=[x(), x()], gap=2)), 'report.rehearsal_of': Case(report.rehearsal_of, lambda: dict(data='mnist-mini')), 'report.published': Case(report.published, lambda: dict(data='mnist5k', method='arm', changed=())),
        'report.preset_of': Case(report.preset_of, one), 'report.changes': Case(report.changes, one), 'report.run_name': Case(report.run_name, one), 'report.command_of': Case(report.command_of, two), 'report.table_row': Case(report.table_row, two), 'report.results_table': Case(report.results_table, two),
        'report.runs_table': Case(report.runs_table, two), 'report.short_count': Case(report.short_count, lambda: dict(n=478410)), 'report.table_text': Case(report.table_text, lambda: dict(table=report.results_table([RECORD]))), 'report.table_markdown': Case(report.table_markdown, lambda: dict(table=report.results_table([RECORD]))),
        'report.compare': Case(report.compare, lambda: dict(runs=runs(), better='arm', worse='arm', measure='accuracy')), 'report.against_printed': Case(report.against_printed, lambda: dict(runs=runs(), number=6, row='arm', measure='accuracy')), 'report.load_table': Case(report.load_table, lambda: dict(path='/nowhere/x.csv')),
        'sweeps.combinations': Case(sweeps.combinations, lambda: dict(grid=dict(T=[1, 2]))), 'sweeps.plan': Case(sweeps.plan, lambda: dict(data='mnist-mini', methods=['arm'], seeds=[0, 1], folder='/nowhere', grid=dict(T=[1, 2]))), 'sweeps.shard_of': Case(sweeps.shard_of, lambda: dict(jobs=[], shard='1/2')),
        'sweeps.sweep': Case(sweeps.sweep, lambda: dict(data=stream(), methods=['naive'], seeds=[0], folder=STORE, workers=1, shard='1/1', progress=False, preset='mnist5k', model=None, class_order=None), keep=('folder', 'workers'), words=dict(methods='method', data='data set')),
        'experiment.run': Case(experiment.run, lambda: dict(data=stream(), method='naive', seed=0, flavour='released', preset='mnist5k', model=None, class_order=None, eval_every=0, progress=False)), 'experiment.cut_short': Case(experiment.cut_short, lambda: dict(stream=stream(), iterations=2, N=4)),
        'experiment.load_images': Case(experiment.load_images, lambda: dict(path='/nowhere/x.pt')), 'methods.settings': Case(methods.settings, lambda: dict(data='mnist-mini', method='arm', flavour='released', preset='mnist5k', per_task=5)), 'record.save_run': Case(record.save_run, lambda: dict(record=RECORD, folder=STORE), keep=('folder',)),
        'streams.permutation': Case(lambda n, seed: streams.permutation(n, seed), lambda: dict(n=4, seed=0), words=dict(seed='key')), 'streams.by_task': Case(streams.by_task, lambda: dict(x=x(), y=y(), task_classes=[(0,), (1,)])), 'streams.split_per_class': Case(streams.split_per_class, lambda: dict(y=np.arange(12) % 2, sizes=(2, 2, 2), seed=0)),
        'streams.split_5k': Case(streams.split_5k, lambda: dict(y=np.arange(40) % 2, seed=0, val=.1, per_class=5)), 'streams.paper_shares': Case(streams.paper_shares, lambda: dict(n=10)), 'streams.data_spec': Case(streams.data_spec, lambda: dict(name='mnist5k'), words=dict(name='data set')),
        'streams.register_data': Case(registered, lambda: dict(data='pets', make=stream, preset='mnist5k')), 'readers.colour_digits': Case(readers.colour_digits, lambda: dict(x=np.zeros((2, 1, 28, 28), np.uint8), seed=0, pad=2)), 'readers.read_folder': Case(readers.read_folder, lambda: dict(folder='/nowhere'))}


PICTURE = Path(__file__).resolve().parents[1]/'nbs'/'images'/'recall.png'

RECORD = learner.Learner(strategy('arm', False), stream(), seed=0, progress=False, eval_every=2).fit()
STORE = tempfile.mkdtemp()


def filled():
    r = replay.Reservoir(3)
    r.add(x(), y())
    return r


# ---- one call

def wrong(value, rng):
    "(what was done, another value)"
    if isinstance(value, torch.Tensor) and rng.rand() < .7:
        how = [*BENT][rng.randint(len(BENT))]
        try: return how, BENT[how](value)
        except (RuntimeError, IndexError, TypeError): pass
    how = [*ODD][rng.randint(len(ODD))]
    return how, ODD[how]()


def names(message, arguments):
    "Does a message name one of the arguments, as a word? (An `a` alone is an article.)"
    return any(re.search(rf'(?<!\w){re.escape(a)}' + (r'(?=[\[:=])' if a == 'a' else r'(?!\w)'), message) for a in arguments)


def judge(case, rng):
    "None if a call ends well, else (what was wrong, how it ended)"
    torch.manual_seed(0)
    good = case.good()
    free = [a for a in good if a not in case.keep]
    chosen = {free[i] for i in rng.randint(len(free), size=1 + (rng.rand() < .2))}
    how, arguments = {}, dict(good)
    for a in sorted(chosen): how[a], arguments[a] = wrong(good[a], rng)      # sorted: the order of a set differs from process to process
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            result = case.call(**arguments)
    except Exception as e:
        bent = any(isinstance(arguments[a], torch.Tensor) and isinstance(good[a], torch.Tensor) for a in chosen)      # two that do not fit: either may be named
        said = {*(good if bent else chosen), *((case.words or {}).get(a, a) for a in chosen), *filter(None, [str(getattr(e, 'filename', '') or '')]), *(str(arguments[a]) for a in chosen if isinstance(arguments[a], (str, Path)) and arguments[a])}
        if not names(str(e), said): return how, f'{type(e).__name__}: {e}'
    else:
        is_nan = lambda v: isinstance(v, torch.Tensor) and v.is_floating_point() and v.numel() and v.isnan().all()
        if case.loss and any(map(is_nan, arguments.values())) and not bool(torch.as_tensor(result).isnan().all()): return how, f'NaN in, {result} out'


# ---- files

def files(folder):
    "name -> (bytes of a good file, its path, reads it)"
    folder = Path(folder)
    s, data = strategy('icarl', False), stream()
    run = learner.Learner(s, data, seed=0, progress=False, checkpoint=folder/'run.checkpoint')
    run.fit().save(folder/'seed-0.json')
    def resume(): learner.Learner(strategy('icarl', False), stream(), seed=0, progress=False, checkpoint=folder/'run.checkpoint').fit()
    found = {'record': (folder/'seed-0.json', lambda: record.RunRecord.load(folder/'seed-0.json')), 'checkpoint': (folder/'run.checkpoint', resume)}
    lists = folder/'lists'/'miniimagenet'
    lists.mkdir(parents=True)
    for k, part in enumerate(('train', 'val', 'test')): (lists/f'{part}.csv').write_text('filename,label\n' + ''.join(f'{part}{i}.jpg,c{2*k + i % 2}\n' for i in range(6)))
    found['CSV'] = lists/'val.csv', lambda: readers.read_lists(folder/'lists', 6)
    raw = folder/'MNIST'/'raw'
    raw.mkdir(parents=True)
    for k, f in enumerate(readers.idx_files('MNIST', folder)): f.write_bytes(bytes(range(64)))
    found['IDX'] = raw/'train-images-idx3-ubyte', lambda: readers.read_mnist('MNIST', folder)
    for f in readers.cifar_files(folder): f.parent.mkdir(exist_ok=True); f.write_bytes(bytes(range(64)))
    found['CIFAR'] = readers.cifar_files(folder)[0], lambda: readers.read_cifar(folder)
    from PIL import Image
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder/'a.png')
    found['picture'] = folder/'a.png', lambda: readers.read_image(folder/'a.png', 8, 2)
    return {name: (path.read_bytes(), path, read) for name, (path, read) in found.items()}


def damaged(data, rng):
    "Bytes changed, lost, or put in"
    data = bytearray(data)
    kind = ('flip', 'cut', 'insert', 'empty', 'noise')[rng.randint(5)]
    if kind == 'flip':
        for i in rng.randint(len(data), size=rng.randint(1, 9)): data[i] = rng.randint(256)
    if kind == 'cut': del data[rng.randint(len(data)):]
    if kind == 'insert': i = rng.randint(len(data)); data[i:i] = rng.bytes(rng.randint(1, 9))
    if kind == 'empty': data.clear()
    if kind == 'noise': data = bytearray(rng.bytes(rng.randint(1, 200)))
    return kind, bytes(data)


def altered(name, data, rng):
    "A file that can be read, and says something else: a value of a record or of a checkpoint, or a field of a list"
    if name == 'record': whole = json.loads(data)
    elif name == 'checkpoint': whole = torch.load(io.BytesIO(data), weights_only=True)
    else: return damaged(data, rng)
    part, way = whole, []
    while True:
        keys = [*part] if isinstance(part, dict) else [*range(len(part))]
        key = keys[rng.randint(len(keys))]
        way.append(key)
        if rng.rand() < .4 or not isinstance(part[key], (dict, list)) or not part[key]: break
        part = part[key]
    plain = [None, True, 0, -1, 1.5, float('nan'), 'x', [], [1], {}, {'x': 1}, 2**40]
    if rng.rand() < .3 and isinstance(part, (dict, list)): del part[key]; how = 'left out'
    else:
        part[key] = plain[rng.randint(len(plain))]
        how = repr(part[key])
    if name == 'record': return f'{way} {how}', json.dumps(whole).encode()
    torch.save(whole, buffer := io.BytesIO())
    return f'{way} {how}', buffer.getvalue()


def judge_file(name, file, rng):
    data, path, read = file
    how, changed = (damaged if rng.rand() < .5 else lambda d, r: altered(name, d, r))(data, rng)
    path.write_bytes(changed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            read()
    except Exception as e:
        if str(path) not in str(e) and str(path.parent) not in str(e): return {path.name: how}, f'{type(e).__name__}: {e}'
    finally: path.write_bytes(data)


# ---- the campaign

def campaign(calls, seed=0, only=(), minutes=None, quiet=True, leave=()):
    "(calls made, {function: [(what was wrong, how it ended), …]}): all of them alike often, the files a tenth of the calls"
    rng, begun, bad, made = np.random.RandomState(seed), time.time(), {}, Counter()
    cases = {k: v for k, v in functions().items() if (not only or any(o in k for o in only)) and k not in leave}
    with tempfile.TemporaryDirectory() as folder:
        found = files(folder) if not only or 'files' in only else {}
        for n in range(calls):
            if minutes and time.time() - begun > 60*minutes: break
            if found and (not cases or n % 10 == 9): name = f'file: {(key := [*found][rng.randint(len(found))])}'; ended = judge_file(key, found[key], rng)
            else: name = [*cases][rng.randint(len(cases))]; ended = judge(cases[name], rng)
            made[name] += 1
            if ended: bad.setdefault(name, []).append(ended)
            if not quiet and n % 1000 == 999: print(f'{n + 1} calls, {sum(map(len, bad.values()))} unclear, {time.time() - begun:.0f} s', flush=True)
    return made, bad


def tell(made, bad):
    print(f'{sum(made.values())} calls of {len(made)} functions, {sum(map(len, bad.values()))} ended unclearly')
    for name, ended in sorted(bad.items(), key=lambda b: -len(b[1])):
        print(f'{len(ended):5} of {made[name]:5}  {name}')
        kinds = {}
        for how, message in ended: kinds.setdefault((tuple(sorted(how)), message[:40]), (how, message))
        for how, message in [*kinds.values()][:4]: print(f'{"":15} {how}: {message[:150]!r}')


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--calls', type=int, default=100_000)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--only', default='', help='parts of names, separated by commas')
    p.add_argument('--minutes', type=float, help='stop after so many')
    p.add_argument('--json', help='also write all of it to this file')
    a = p.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30,) * 2)      # what asks for more than all memory is told so, and does not take it
    made, bad = campaign(a.calls, a.seed, [o for o in a.only.split(',') if o], a.minutes, quiet=False)
    tell(made, bad)
    if a.json: Path(a.json).write_text(json.dumps({k: [(str(how), message) for how, message in v] for k, v in bad.items()}))
    sys.exit(bool(bad))
