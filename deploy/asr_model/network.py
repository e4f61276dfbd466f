"""A very small model with OpenAI Whisper's computation graph, in plain PyTorch.

Conv stem, pre-norm encoder with sinusoidal positions, causal decoder with cross attention, tied output: it converts to
CTranslate2's WhisperSpec without change.  Decoder positions are a scaled sinusoid, since long prompts are rare in training.

faster-whisper pads the window to 3000 frames with zeros, whatever chunk_length says, and CTranslate2 masks nothing: every
attention sees 1500 positions, mostly padding.  In training those would cost 3 to 6 times as much.  All of them carry the
same vector plus a smooth position code, so only every 30th is computed, with log(30) added to its attention.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deploy.asr_model.steps import keep

_PAD_STRIDE = 30


@dataclass
class Config:
    """Sizes: `plain` ids below the timestamps, `syllables` of the auxiliary loss, `align_heads` of the last layer."""

    plain: int
    syllables: int
    mels: int = 80
    width: int = 256
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 2
    inner: int = 1024
    source: int = 1500
    target: int = 448
    stamps: int = 1501
    align_heads: int = 2


def sinusoids(length: int, channels: int) -> Tensor:
    """Whisper's position code, (length, channels)."""
    inverse = torch.exp(-math.log(10000) / (channels // 2 - 1) * torch.arange(channels // 2))
    angles = torch.arange(length)[:, None] * inverse[None]
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)


class Attention(nn.Module):
    """Multi-head attention, without a bias for the keys as in Whisper."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.v, self.o = nn.Linear(width, width), nn.Linear(width, width)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, bias: Tensor | None = None, causal: bool = False, watched: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """(output, log attention of the first `watched` heads or None)."""
        memory = x if memory is None else memory
        q, k, v = self._split(self.q(x)), self._split(self.k(memory)), self._split(self.v(memory))
        bias = None if bias is None else bias.to(q.dtype)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=causal)
        y = self.o(y.transpose(1, 2).reshape(x.shape))
        if not watched:
            return y, None
        scores = (q[:, :watched] @ k[:, :watched].transpose(-1, -2)).float() / math.sqrt(q.shape[-1])
        return y, (scores if bias is None else scores + bias.float()).log_softmax(-1)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)


class Layer(nn.Module):
    """One block of the encoder, or with cross attention of the decoder."""

    def __init__(self, c: Config, cross: bool) -> None:
        super().__init__()
        self.ln1, self.attn = nn.LayerNorm(c.width), Attention(c.width, c.heads)
        if cross:
            self.ln2, self.cross = nn.LayerNorm(c.width), Attention(c.width, c.heads)
        self.ln3 = nn.LayerNorm(c.width)
        self.fc1, self.fc2 = nn.Linear(c.width, c.inner), nn.Linear(c.inner, c.width)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, self_bias: Tensor | None = None, memory_bias: Tensor | None = None,
        watched: int = 0, drop: float = 0.0,
    ) -> tuple[Tensor, Tensor | None]:
        """(output, log attention of the watched heads of the cross attention or None)."""
        y, _ = self.attn(self.ln1(x), bias=self_bias, causal=memory is not None)
        x = x + F.dropout(y, drop, self.training)
        attention = None
        if memory is not None:
            y, attention = self.cross(self.ln2(x), memory, bias=memory_bias, watched=watched)
            x = x + F.dropout(y, drop, self.training)
        y = self.fc2(F.gelu(self.fc1(self.ln3(x))))
        return x + F.dropout(y, drop, self.training), attention


@torch.no_grad()
def _look_around(attention: Attention, c: Config, offsets: Sequence[int], gain: float = 1.6) -> None:
    """Start heads off looking at the frame so far away, so that locality need not be discovered.

    With q a rotation of k on the sinusoid's pairs, q_t . k_s is the sum of cos(w (s - t - offset)): a bump there.
    """
    half, size = c.width // 2, c.width // c.heads
    w = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
    for head, offset in enumerate(offsets):
        q, k = torch.randn(size, c.width) * 0.02, torch.randn(size, c.width) * 0.02
        for row in range(size // 2):
            pair = row * 2  # 1 to 0.01 rad a frame
            cos, sin = math.cos(w[pair] * offset), math.sin(w[pair] * offset)
            k[row, pair] += gain
            k[row + size // 2, pair + half] += gain
            q[row, pair] += cos
            q[row, pair + half] += sin
            q[row + size // 2, pair + half] += cos
            q[row + size // 2, pair] -= sin
        rows = slice(head * size, (head + 1) * size)
        attention.q.weight[rows], attention.k.weight[rows] = q, k
        attention.q.bias[rows] = 0


class Network(nn.Module):
    """The whole model; parameter names are those of the shipped checkpoint."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.c = c
        d = c.width
        self.conv1 = nn.Conv1d(c.mels, d, 3, padding=1)
        self.conv2 = nn.Conv1d(d, d, 3, stride=2, padding=1)
        self.register_buffer("enc_pos", sinusoids(c.source, d), persistent=False)
        self.register_buffer("dec_pos", sinusoids(c.target, d) * 0.35, persistent=False)
        self.enc = nn.ModuleList(Layer(c, False) for _ in range(c.encoder_layers))
        self.enc_ln = nn.LayerNorm(d)
        self.plain = nn.Parameter(torch.randn(c.plain, d) * 0.25)
        basis = _stamp_basis(c.stamps)
        self.register_buffer("ts_basis", basis, persistent=False)
        self.ts_w = nn.Parameter(torch.randn(basis.shape[1], d) * 0.04)
        self.ts_free = nn.Parameter(torch.zeros(c.stamps, d))
        self.dec = nn.ModuleList(Layer(c, True) for _ in range(c.decoder_layers))
        self.dec_ln = nn.LayerNorm(d)
        nn.init.constant_(self.dec_ln.weight, 0.25)
        self.syll = nn.Linear(d, c.syllables)
        with torch.no_grad():  # by default the sound has 1/20 of the position code's amplitude
            self.conv1.weight *= 3
            self.conv2.weight *= 8
        for index, layer in enumerate(self.enc):
            _look_around(layer.attn, c, (-3, 0, 3) if index == 0 else (-8, 0, 8))

    def table(self) -> Tensor:
        """(plain + stamps, width): tokens at input and, tied, at output."""
        return torch.cat([self.plain, self.ts_basis @ self.ts_w + self.ts_free])

    def encode(self, mel: Tensor, padded: bool) -> tuple[Tensor, Tensor | None, int]:
        """mel (batch, 80, even frames) to (memory, bias of its keys, positions with content)."""
        x = F.gelu(self.conv1(mel))
        x = F.gelu(self.conv2(x)).transpose(1, 2)
        content, bias = x.shape[1], None
        x = x + self.enc_pos[:content]
        if padded and content < self.c.source:
            x, bias = self._pad(x, content)
        for layer in self.enc:
            x, _ = layer(x, self_bias=bias)
        return self.enc_ln(x), bias, content

    def _pad(self, x: Tensor, content: int) -> tuple[Tensor, Tensor]:
        left = self.c.source - content
        count = max(1, left // _PAD_STRIDE)
        jitter = torch.rand(count) if self.training else torch.full((count,), 0.5)  # favours no position code
        places = content + ((torch.arange(count) + jitter) * (left / count)).long().clamp(max=left - 1)
        silent = F.gelu(self.conv1.bias)[None, :, None].expand(1, -1, 5)
        silent = F.gelu(self.conv2(silent))[:, :, 1]  # inside a region of zeros
        pad = (silent + self.enc_pos[places]).to(x.dtype)
        x = torch.cat([x, pad[None].expand(x.shape[0], -1, -1)], 1)
        bias = torch.zeros(x.shape[1])
        bias[content:] = math.log(left / count)
        return x, bias[None, None, None]

    def decode(self, tokens: Tensor, memory: Tensor, bias: Tensor | None, rows: Tensor, drop: float) -> tuple[Tensor, Tensor]:
        """tokens (batch, length) to (logits of the positions in `rows`, log attention of the aligned heads)."""
        table = self.table()
        x = F.embedding(tokens, table) + self.dec_pos[: tokens.shape[1]]
        attention = None
        for index, layer in enumerate(self.dec):
            watched = self.c.align_heads if index == len(self.dec) - 1 else 0
            x, attention = layer(x, memory, memory_bias=bias, watched=watched, drop=drop)
        assert attention is not None
        return F.linear(self.dec_ln(x[rows]), table), attention


def _stamp_basis(count: int) -> Tensor:
    """A smooth Fourier basis that neighbouring timestamps share, so that they start out similar."""
    k = torch.cat([torch.arange(1, 25), torch.arange(32, 200, 8)])[None]
    t = torch.arange(count)[:, None] / count
    return torch.cat([torch.cos(math.pi * k * t), torch.sin(math.pi * k * t), torch.ones_like(t)], 1)


def save(path: Path, network: Network, state: dict[str, Tensor], extra: dict[str, Any]) -> None:
    """A checkpoint that is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    torch.save({"config": asdict(network.c), "state": state, "extra": extra}, part)
    keep(part, path)


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """(weights, what was saved beside them); also of the checkpoint that the shipped model was made from."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    return content["state"], content["extra"]
