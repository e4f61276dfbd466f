"""Training on the CPU.

Loss: the decoder's cross entropy, timestamps with a small Gaussian around the true one; cross entropy of the toned
syllable at every encoder position (exact alignments are known, and it converges faster than CTC); and attention, which
in the alignment heads has to rest on the character that is spoken.  The learning rate warms up, stays, and falls over
the last 45 % of the time.  What is kept is a moving average of the weights.
"""

import csv
import functools
import math
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from deploy.asr_model.bank import Bank, syllable_ids
from deploy.asr_model.examples import Composer, Stream
from deploy.asr_model.network import Config, Network, load_state, save
from deploy.asr_model.speech import pinyin
from deploy.asr_model.steps import say, write_whole
from deploy.asr_model.vocabulary import Vocabulary

CHECKPOINT = "checkpoint.pt"
VOCABULARY = "vocab.json"
THREADS = 2
RESUME = "resume.pt"
"""What a broken training goes on from; of no use once the step is whole."""
_PEAK = 1.2e-3
_WARM_STEPS, _WARM_AGAIN_STEPS = 250, 80
_SAVE_EVERY_S = 90.0  # or a tenth of the time, if that is less
_GAUSSIAN = [(step, math.exp(-step * step / (2 * 1.5**2))) for step in range(-4, 5)]
_COLUMNS = ["step", "minutes", "hours_heard", "learning_rate", "loss", "text", "syllables", "alignment"]


@dataclass(frozen=True)
class Start:
    """A model to train on: its folder (checkpoint.pt, vocab.json) and where in the schedule to begin, 0 to 1."""

    folder: Path
    position: float


def train(bank: Bank, vocabulary: Vocabulary, minutes: float, start: Start | None, folder: Path) -> dict[str, Any]:
    """Train for so long; checkpoint.pt in the folder is the averaged model.  A broken run goes on where it last saved."""
    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    run = _Run(bank, vocabulary, minutes, start, folder)
    run.work()
    return {"steps": run.step, "parameters": sum(p.numel() for p in run.network.parameters())}


class _Run:
    def __init__(self, bank: Bank, vocabulary: Vocabulary, minutes: float, start: Start | None, folder: Path) -> None:
        self._folder, self._minutes, self._start = folder, minutes, start
        self._vocabulary = vocabulary
        self._position = start.position if start else 0.0
        state, extra = load_state(start.folder / CHECKPOINT) if start else ({}, {})
        texts = sorted({clip.text for clip in bank.clips})
        self._syllables, rows = syllable_ids(texts, extra.get("syllables", {}), pinyin)
        self.network = Network(Config(vocabulary.plain, len(self._syllables)))
        if start:
            _take_over(self.network, state, known="syllables" in extra)
        self._optimiser = _optimiser(self.network)
        self._mean = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.step, self._spent_s, self._heard_s = 0, 0.0, 0.0
        self._losses = [0.0] * 4
        self._resume()
        self._progress = multiprocessing.get_context("fork").Value("d", self._done())
        self._batches = self._stream(Composer(bank, vocabulary, rows))

    def work(self) -> None:
        """Steps until the time is over."""
        vocabulary_path = self._folder / VOCABULARY
        self._vocabulary.write(vocabulary_path)
        self.network.train()
        last = saved = time.monotonic()
        while self._done() < 1:
            self._one()
            now = time.monotonic()
            self._spent_s, last = self._spent_s + now - last, now
            if self.step % 50 == 0:
                self._log()
            if now - saved > min(_SAVE_EVERY_S, self._minutes * 6):
                saved = now
                self._save()
        self._save()

    def _done(self) -> float:
        return self._position + (1 - self._position) * self._spent_s / 60 / self._minutes

    def _stream(self, composer: Composer) -> Iterator[tuple[Tensor, ...]]:
        stream = Stream(composer, 1000 + self.step, self._progress)
        return iter(torch.utils.data.DataLoader(
            stream, batch_size=None, num_workers=1, prefetch_factor=4, multiprocessing_context="fork"))

    def _rate(self, done: float) -> float:
        warm = min(1.0, (self.step + 1) / (_WARM_AGAIN_STEPS if self._start else _WARM_STEPS))
        return _PEAK * warm * (1.0 if done < 0.55 else max(0.02, (1 - done) / 0.45))

    def _one(self) -> None:
        done = self._done()
        self._progress.value = done
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate(done)
        batch = next(self._batches)
        self._heard_s += batch[0].shape[0] * batch[0].shape[2] / 100
        loss, parts = _loss(self.network, batch, self._vocabulary.first_stamp, done)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        decay = min(0.998, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self._mean[name].lerp_(value, 1 - decay)
        self._losses = [total + part.item() for total, part in zip(self._losses, parts, strict=True)]
        self.step += 1

    def _log(self) -> None:
        row = [self.step, round(self._spent_s / 60, 2), round(self._heard_s / 3600, 2), f"{self._rate(self._done()):.5f}"]
        row += [f"{loss / 50:.3f}" for loss in self._losses]
        self._losses = [0.0] * 4
        path = self._folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([_COLUMNS, row] if new else [row])
        say("training: " + ", ".join(f"{name} {value}" for name, value in zip(_COLUMNS, row, strict=True)))

    def _save(self) -> None:
        extra = {"step": self.step, "minutes": self._spent_s / 60, "heard_s": self._heard_s, "syllables": self._syllables}
        save(self._folder / CHECKPOINT, self.network, self._mean, extra)
        to_go_on = {**extra, "mean": self._mean, "optimiser": self._optimiser.state_dict(), "losses": self._losses}
        save(self._folder / RESUME, self.network, self.network.state_dict(), to_go_on)

    def _resume(self) -> None:
        path = self._folder / RESUME
        if not path.exists():
            return
        state, extra = load_state(path)
        self.network.load_state_dict(state)
        self._mean = extra["mean"]
        self._optimiser.load_state_dict(extra["optimiser"])
        self.step, self._spent_s, self._heard_s = extra["step"], extra["minutes"] * 60, extra["heard_s"]
        self._losses = extra["losses"]
        self._forget_after(self.step)
        say(f"training: goes on at step {self.step}")

    def _forget_after(self, step: int) -> None:
        """Steps that are made once more are logged once."""
        path = self._folder / "log.csv"
        if path.exists():
            head, *rows = path.read_text().splitlines(keepends=True)
            write_whole(path, head + "".join(row for row in rows if int(row.split(",")[0]) <= step))


def _take_over(network: Network, state: dict[str, Tensor], known: bool) -> None:
    """The weights; those of the auxiliary syllables only where it is known which is which (text may bring new ones)."""
    own = network.state_dict()
    if len(state["plain"]) != len(own["plain"]):
        raise ValueError("checkpoint.pt and vocab.json of the model to train on do not belong together")
    for name in ("syll.weight", "syll.bias"):
        if known:
            own[name][: len(state[name])] = state[name]
        state[name] = own[name]
    network.load_state_dict(state)


def _optimiser(network: Network) -> torch.optim.AdamW:
    matrices = [p for p in network.parameters() if p.dim() > 1]
    vectors = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.02}, {"params": vectors, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=_PEAK, betas=(0.9, 0.98), fused=True)


@functools.cache
def _computes_bfloat16() -> bool:
    """Whether the processor does so itself: where PyTorch has to imitate it, a step takes 23 s instead of 5."""
    path = Path("/proc/cpuinfo")
    flags = path.read_text().split() if path.exists() else []
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags)


def _loss(network: Network, batch: tuple[Tensor, ...], first_stamp: int, done: float) -> tuple[Tensor, list[Tensor]]:
    """(what is minimised, [decoder, its text alone, syllables, alignment])."""
    mel, tokens, labels, first, last, syllables = batch
    rows = labels != -100
    with torch.autocast("cpu", torch.bfloat16, enabled=_computes_bfloat16()):
        memory, bias, content = network.encode(mel, padded=done >= 0.15)
        heard = network.syll(memory[:, :content:2])
        logits, attention = network.decode(tokens, memory, bias, rows, drop=0.05)
    decoder, text = decoder_loss(logits, labels[rows], first_stamp)
    auxiliary = F.cross_entropy(heard.float().flatten(0, 1), syllables[:, ::2][:, : heard.shape[1]].flatten())
    alignment = alignment_loss(attention, first, last)
    total = decoder + (1.0 if done < 0.3 else 0.5) * auxiliary + 0.3 * alignment
    return total, [decoder, text, auxiliary, alignment]


def decoder_loss(logits: Tensor, labels: Tensor, first_stamp: int) -> tuple[Tensor, Tensor]:
    """logits (rows, tokens), labels (rows): (cross entropy, timestamps half; that of the text alone)."""
    logs = logits.float().log_softmax(-1)
    costs = -logs.gather(-1, labels[:, None])[:, 0]
    stamps = labels >= first_stamp
    if stamps.any():
        costs = costs.masked_scatter(stamps, _stamp_costs(logs[stamps], labels[stamps], first_stamp))
    weights = torch.where(stamps, 0.5, 1.0)
    return (costs * weights).sum() / weights.sum(), costs[~stamps].mean()


def _stamp_costs(logs: Tensor, labels: Tensor, first_stamp: int) -> Tensor:
    top = logs.shape[-1] - 1
    cost, weight = torch.zeros(len(labels)), torch.zeros(len(labels))
    for step, share in _GAUSSIAN:
        index = labels + step
        inside = ((index >= first_stamp) & (index <= top)).float() * share
        cost = cost - inside * logs.gather(-1, index.clamp(first_stamp, top)[:, None])[:, 0]
        weight = weight + inside
    return cost / weight


def alignment_loss(attention: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Cross entropy between the heads' log attention (batch, heads, rows, positions) and an even look at [first, last].

    Even, because heads that need only rest inside lock on to the start of a character: word times came 0.11 s early.
    """
    positions = torch.arange(attention.shape[-1])
    last = last.clamp(max=attention.shape[-1] - 1)
    asked = last >= first
    if not asked.any():
        return attention.sum() * 0
    target = ((positions >= first[..., None]) & (positions <= last[..., None]) & asked[..., None]).float()
    target = target / target.sum(-1, keepdim=True).clamp(min=1)
    return -(attention * target[:, None]).sum() / (asked.sum() * attention.shape[1])
