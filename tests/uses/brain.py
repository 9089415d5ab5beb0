import os, numpy as np, pandas as pd, torch
from arm_nb.brain import *
from arm_nb.arm import ArmConfig
from arm_nb.experiment import KeepRecalled, build
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

g = torch.Generator().manual_seed(0)
assert permutation_test(1., lambda g: torch.rand(1, generator=g), 9, g).p == .1 and isinstance(sign_flip_test([1.]*20, 99), Tested)
assert sorted(shuffle_rows(4, g, [0, 0, 1, 1])[:2].tolist()) == [0, 1]
assert seed_interval([1., 3.])[0] == 2 and swap_test(np.eye(5), 99, g).value == 1
assert np.isclose(correlation(ranks([1, 2, 9]), [1, 2, 3]), 1)

learner = build('mnist-mini', 'arm', recall_from=1, callbacks=[keeper := KeepRecalled(2, first=3)], eval_every=2)
learner.stream = replace(learner.stream, train=[(x[:40], y[:40]) for x, y in learner.stream.train])
record = learner.fit()
s = samples_of(keeper.kept)
assert isinstance(s, Samples) and len(s) == 9 * 10 and recalled_array(record).shape == batch_shares(learner.stream, record).shape == (20, 10)
model = learner.strategy.model
a, y = layer_activations(model, s.x), s.y
assert [layer_in_words(name) for name in a] == ['pixels', 'hidden 1', 'hidden 2', 'logits']
p = class_patterns(a['net.4'], y, 10)
assert overlap(p, p).shape == top_overlap(p, p, 9).shape == (10, 10) and same_minus_other(torch.eye(3)) == 1
assert 0 <= mutual_information(np.eye(10)[y], s.p_hat) <= 4 and 0 <= explained_by_class(a['net.2'], y) <= 1
grads = sample_gradients(model, s.x[:3], y[:3])
assert gradient_correlation(grads, grads)['net.5'].shape == (3,) and y[draw_of_class(y, y[:3], g)].tolist() == y[:3].tolist()
assert compare_gradients(model, s.x_hat[:3], s.p_hat[:3], s.x, y, dict(own=y[:3]), g)['own']['net.1'].shape == (3,)
r, ages = recalled_by_task(record), task_ages(record)
points, u, v = recall_and_accuracy(record)
assert lagged_correlation(u, v, [-1, 0, 1]).shape == (3, 5) and circular_shift(v, g).shape == without_means(u, points > 9).shape == (len(points), 5)
assert recall_signal(learner.strategy.model_old, model, s.x[:10], y[:10], ArmConfig())['pull'] > 0
assert recalled_on_unseen(r, shuffle_ages(ages, ages == 0, g)).shape == (20,) and -1 <= recency_index(recency_profile(r, ages)) <= 1
assert content_correlation(model, s.x_hat[:3], y[:3], s.x[:3], s.x[:3], chunk=2)['net.1'].tolist() == [0, 0, 0]
assert np.isclose(between_tasks([[1, .2, .6]], [[.2, .1, .15]]), 1)
assert verdicts({'a > 0': ([1., 2., 3.], 0., .1)}).verdict.item() == 'not shown'
with TemporaryDirectory() as folder: one, two = (life('mnist-mini', 0, folder=folder, tasks=2, S=1) for _ in range(2))   # the second is read
assert isinstance(two, Life) and len(two.networks) == 2 and len(two.samples) == 800 and torch.equal(one.samples.x_hat, two.samples.x_hat)
with TemporaryDirectory() as folder:
    (net := Path(folder)/'net.pt').write_bytes(b'a network')
    same = [kept_tensors(Path(folder)/'v.pt', identity_of(build(), tasks=2), lambda: {'v': torch.rand(1)})['v'] for _ in range(2)]
    os.environ.pop('IN_TEST', None)                     # there it writes nothing
    tables = [photographs_table(Path(folder)/'v.csv', [net], lambda: pd.DataFrame({'v': [v]})).v[0] for v in (1, 2)]
assert same[0] == same[1] and tables == [1, 1]
batches = batches_of_tasks(learner.stream.val, 1, 10, g)
assert len(batches) == 5 and len(next_recall(model, batches[:2], ArmConfig(S=1))) == 20
with TemporaryDirectory() as folder:
    torch.save({f'net.{k}': v.half() for k, v in model.state_dict().items()}, f'{folder}/net.pt')
    kept = kept_network(f'{folder}/net.pt', (1, 28, 28))
assert all(torch.allclose(v, w, rtol=2**-10, atol=1e-7) for v, w in zip(kept.parameters(), model.parameters()))
