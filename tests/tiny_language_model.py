"""A language model of a few thousand random weights with its own tokenizer, as a folder, and a world to tune it on."""

from __future__ import annotations

import random
from pathlib import Path

from components.reranking.tuning.preferences import ItemPreference, LikedList

WORDS = ("river", "stone", "night", "garden", "winter", "harbour", "letter", "bridge")
LOVED, UNLOVED = "gold", "lead"
VOCABULARY = ("[PAD]", "[UNK]", "[EOS]", "|", ",", "+", ":", "likes", "drama", "comedy", LOVED, UNLOVED, *WORDS)


def write_tiny_model(folder: Path) -> Path:
    """A Llama of 4,000 weights in `folder`, with words as tokens; needs the extra `tune`."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: place for place, word in enumerate(VOCABULARY)}, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", eos_token="[EOS]")
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.3,
        pad_token_id=0,
        eos_token_id=2,
        bos_token_id=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def planted_world(n_users: int, seed: int, pairs_each: int = 4) -> tuple[list[ItemPreference], list[LikedList]]:
    """Everybody prefers a title with the loved word; no item stands in two lists, so that only titles tell.

    The lists' order, which is the ranker's, is drawn at random; each has one loved item among six.
    """
    drawn = random.Random(seed)  # noqa: S311
    pairs, lists, n_items = [], [], 0
    for user in range(n_users):
        for number in range(pairs_each):
            titles = [f"{LOVED} {drawn.choice(WORDS)}", *(f"{UNLOVED} {drawn.choice(WORDS)}" for _ in range(5))]
            documents = [f"{title}|{drawn.choice(['drama', 'comedy'])}" for title in titles]
            items = [f"i{n_items + place}" for place in range(6)]
            n_items += 6
            query, request = f"likes: {drawn.choice(['drama', 'comedy'])}", f"r{user}-{number}"
            pairs.append(ItemPreference(f"u{user}", request, query, tuple(items[:2]), tuple(documents[:2])))
            order = drawn.sample(range(6), 6)
            lists.append(
                LikedList(
                    f"u{user}",
                    query,
                    tuple(items[place] for place in order),
                    tuple(documents[place] for place in order),
                    tuple(place == 0 for place in order),
                )
            )
    return pairs, lists
