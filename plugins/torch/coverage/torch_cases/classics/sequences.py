"""Architectures of sequences."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torch_cases.case import declared


class Tcn(nn.Module):
    """Bai et al. 2018: causal convolutions with growing dilation, their weights normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.utils.parametrizations.weight_norm(nn.Conv1d(4 if depth == 0 else 8, 8, 3, padding=2 * 2**depth, dilation=2**depth))
                for depth in range(3)
            ]
        )
        self.first = nn.Conv1d(4, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features [batch, 8, length]."""
        skip = self.first(x)
        for layer in self.layers:
            x = functional.relu(layer(x)[:, :, : -layer.padding[0]])
            skip = skip + x
        return skip


class WaveNet(nn.Module):
    """Van den Oord et al. 2016: gated dilated convolutions with skips."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, 8)
        self.gates = nn.ModuleList([nn.Conv1d(8, 16, 2, dilation=2**depth) for depth in range(4)])
        self.residual = nn.ModuleList([nn.Conv1d(8, 8, 1) for _ in range(4)])
        self.skips = nn.ModuleList([nn.Conv1d(8, 12, 1) for _ in range(4)])
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(12, 16, 1))

    def forward(self, samples: Tensor) -> Tensor:
        """Return scores of the next sample [batch, 16, length]."""
        x = self.embed(samples).transpose(1, 2)
        total = torch.zeros(x.size(0), 12, x.size(2))
        for depth, (gate, residual, skip) in enumerate(zip(self.gates, self.residual, self.skips, strict=True)):
            value, weight = gate(functional.pad(x, (2**depth, 0))).chunk(2, 1)
            found = value.tanh() * weight.sigmoid()
            x, total = x + residual(found), total + skip(found)
        return self.head(total)


class Transformer(nn.Module):
    """Vaswani et al. 2017: encoder and decoder, sinusoidal positions, a causal mask."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.body = nn.Transformer(16, 4, 1, 1, 32, batch_first=True)
        self.head = nn.Linear(16, 50)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return scores of the next tokens."""
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        return self.head(self.body(self._placed(source), self._placed(target), tgt_mask=mask, tgt_is_causal=True))

    def _placed(self, tokens: Tensor) -> Tensor:
        place = torch.arange(tokens.shape[1])[:, None] * torch.exp(torch.arange(0, 16, 2) * (-math.log(10000.0) / 16))
        positions = torch.zeros(tokens.shape[1], 16)
        positions[:, 0::2], positions[:, 1::2] = place.sin(), place.cos()
        return self.embed(tokens) * 4 + positions


class Encoder(nn.Module):
    """Devlin et al. 2019, from torch's own layers: padded tokens are masked."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.positions = nn.Embedding(50, 16, padding_idx=0), nn.Embedding(128, 16)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True), 2)
        self.pool = nn.Linear(16, 16)

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tokens' features, and the mean over those that are no padding."""
        padding = torch.arange(tokens.shape[1])[None] >= lengths[:, None]
        found = self.layers(self.embed(tokens) + self.positions(torch.arange(tokens.shape[1])), src_key_padding_mask=padding)
        found = found.masked_fill(padding[..., None], 0)
        return found, self.pool(found.sum(1) / lengths[:, None]).tanh()


class Seq2Seq(nn.Module):
    """Bahdanau et al. 2015: a recurrent decoder of ten steps that attends to a recurrent encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.encoder = nn.Embedding(30, 8), nn.GRU(8, 8, batch_first=True, bidirectional=True)
        self.cell, self.query, self.key, self.score = nn.GRUCell(24, 8), nn.Linear(8, 8), nn.Linear(16, 8), nn.Linear(8, 1)
        self.head = nn.Linear(24, 30)

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of ten tokens, taken greedily, and the tokens."""
        memory, last = self.encoder(self.embed(source))
        state, token = last[0], torch.zeros(source.shape[0], dtype=torch.int64)
        scores, tokens, keys = [], [], self.key(memory)
        for _ in range(10):
            weights = self.score(torch.tanh(keys + self.query(state)[:, None])).squeeze(-1).softmax(1)
            context = torch.bmm(weights[:, None], memory).squeeze(1)
            state = self.cell(torch.cat([self.embed(token), context], 1), state)
            scores.append(self.head(torch.cat([state, context], 1)))
            token = scores[-1].argmax(1)
            tokens.append(token)
        return torch.stack(scores, 1), torch.stack(tokens, 1)


class ConvLstm(nn.Module):
    """Shi et al. 2015: an LSTM of convolutions over six frames."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Conv2d(1 + 4, 16, 3, padding=1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states [batch, 6, 4, height, width] and the last cell."""
        batch, steps, _, height, width = frames.shape
        hidden = cell = torch.zeros(batch, 4, height, width)
        found = []
        for step in range(steps):
            take, forget, give, new = self.gates(torch.cat([frames[:, step], hidden], 1)).chunk(4, 1)
            cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
            hidden = give.sigmoid() * cell.tanh()
            found.append(hidden)
        return torch.stack(found, 1), cell


class CrfScores(nn.Module):
    """Lample et al. 2016: the tagger's emissions, and the score of given tags under its transitions."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer, self.head = nn.Embedding(50, 8), nn.LSTM(8, 8, bidirectional=True, batch_first=True), nn.Linear(16, 5)
        self.transitions = nn.Parameter(torch.randn(5, 5))

    def forward(self, tokens: Tensor, lengths: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        """Return emissions and scores."""
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        found, _ = pad_packed_sequence(self.layer(packed)[0], batch_first=True, total_length=tokens.shape[1])
        emissions = self.head(found)
        mask = torch.arange(tokens.shape[1])[None] < lengths[:, None]
        own = emissions.gather(2, tags[..., None]).squeeze(-1)
        steps = self.transitions[tags[:, :-1], tags[:, 1:]]
        return emissions, (own * mask).sum(1) + (steps * mask[:, 1:]).sum(1)


class CharacterCnn(nn.Module):
    """Kim et al. 2016: words from their characters, a highway, an LSTM over the words."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(40, 6)
        self.convolutions = nn.ModuleList([nn.Conv1d(6, 4, width) for width in (2, 3, 4)])
        self.gate, self.change, self.layer = nn.Linear(12, 12), nn.Linear(12, 12), nn.LSTM(12, 10, batch_first=True)

    def forward(self, characters: Tensor) -> Tensor:
        """Return features [batch, words, 10] for [batch, words, characters]."""
        batch, words, length = characters.shape
        x = self.embed(characters.view(batch * words, length)).transpose(1, 2)
        x = torch.cat([convolution(x).tanh().amax(-1) for convolution in self.convolutions], 1)
        gate = self.gate(x).sigmoid()
        x = gate * self.change(x).relu() + (1 - gate) * x
        return self.layer(x.view(batch, words, -1))[0]


class BiDaf(nn.Module):
    """Seo et al. 2017: attention of a text to a question and back."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer = nn.Embedding(50, 8), nn.LSTM(8, 6, bidirectional=True, batch_first=True)
        self.similarity, self.model = nn.Linear(36, 1, bias=False), nn.LSTM(48, 6, bidirectional=True, batch_first=True)
        self.start, self.end = nn.Linear(60, 1), nn.Linear(60, 1)

    def forward(self, text: Tensor, question: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of where the answer starts and ends."""
        words, asked = self.layer(self.embed(text))[0], self.layer(self.embed(question))[0]
        left = words.unsqueeze(2).expand(-1, -1, asked.size(1), -1)
        right = asked.unsqueeze(1).expand(-1, words.size(1), -1, -1)
        scores = self.similarity(torch.cat([left, right, left * right], -1)).squeeze(-1)
        to_question = scores.softmax(2) @ asked
        to_text = (scores.amax(2).softmax(1)[:, None] @ words).expand(-1, words.size(1), -1)
        found = torch.cat([words, to_question, words * to_question, words * to_text], -1)
        both = torch.cat([found, self.model(found)[0]], -1)
        return self.start(both).squeeze(-1), self.end(both).squeeze(-1)


class SelectiveScan(nn.Module):
    """Gu and Dao 2023: a state space whose step depends on the input, as a weighted sum over all earlier positions."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.convolution = nn.Linear(8, 16), nn.Conv1d(8, 8, 4, padding=3, groups=8)
        self.step, self.states = nn.Linear(8, 8), nn.Linear(8, 8)
        self.decay, self.output = nn.Parameter(torch.rand(8, 4)), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        """Return features [batch, length, 8]."""
        value, gate = self.project(x).chunk(2, -1)
        value = functional.silu(self.convolution(value.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        step = functional.softplus(self.step(value))
        write, read = self.states(value).chunk(2, -1)
        total = torch.cumsum(step[..., None] * self.decay, 1)
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()[None, :, :, None, None]
        weights = torch.exp(-(total[:, :, None] - total[:, None]).masked_fill(~mask, torch.inf))
        inner = (step * value)[:, None, :, :, None] * write[:, None, :, None, :]
        found = ((weights * inner).sum(2) * read[:, :, None]).sum(-1)
        return self.output(found * functional.silu(gate))


class ListenAttend(nn.Module):
    """Chan et al. 2016: a pyramid of LSTMs, each with every two steps joined."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LSTM(6, 8, batch_first=True, bidirectional=True), nn.LSTM(32, 8, batch_first=True, bidirectional=True)

    def forward(self, frames: Tensor) -> Tensor:
        """Return features [batch, frames ÷ 2, 16]."""
        found = self.first(frames)[0]
        even = found[:, : found.shape[1] // 2 * 2]
        return self.second(even.reshape(found.shape[0], -1, 32))[0]


_TOKENS = "tokens:int64[batch,length=4..60]{1..49}"

CASES = (
    declared("TCN", Tcn, "x:float32[batch,4,length=2..100]"),
    declared("WaveNet", WaveNet, "samples:int64[batch,length=2..100]{0..15}"),
    declared("Transformer", Transformer, "source:int64[batch,length]{0..49}", "target:int64[batch,steps=2..40]{0..49}"),
    declared("BERT of nn.TransformerEncoder", Encoder, _TOKENS, "lengths:int64[batch]{1..4}"),
    declared("seq2seq with attention", Seq2Seq, "source:int64[batch,length=2..60]{0..29}"),
    declared("ConvLSTM", ConvLstm, "frames:float32[batch,6,1,height=4..40,width=4..40]"),
    declared("LSTM-CRF scores", CrfScores, _TOKENS, "lengths:int64[batch]{1..4}", "tags:int64[batch,length]{0..4}"),
    declared("character CNN", CharacterCnn, "characters:int64[batch,words,characters=4..20]{0..39}"),
    declared("BiDAF", BiDaf, "text:int64[batch,length]{0..49}", "question:int64[batch,asked]{0..49}"),
    declared("selective scan", SelectiveScan, "x:float32[batch,length=2..60,8]"),
    declared("pyramid of LSTMs", ListenAttend, "frames:float32[batch,frames=4..60,6]"),
)
