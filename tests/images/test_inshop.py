"""In-shop Clothes Retrieval in its real layout and with its real numbers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.images.inshop import load_inshop
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.retrieval.evaluation import recall_of

Row = tuple[str, str, str]
ROWS: list[Row] = [
    ("img/WOMEN/Dresses/id_00000002/02_1_front.jpg", "id_00000002", "train"),
    ("img/WOMEN/Dresses/id_00000002/02_2_side.jpg", "id_00000002", "train"),
    ("img/MEN/Denim/id_00000080/01_1_front.jpg", "id_00000080", "query"),
    ("img/MEN/Denim/id_00000080/01_3_back.jpg", "id_00000080", "gallery"),
    ("img/WOMEN/Tees/id_00000001/01_1_front.jpg", "id_00000001", "query"),
    ("img/WOMEN/Tees/id_00000001/01_2_side.jpg", "id_00000001", "gallery"),
]


def write_list(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name:<70} {item} {status}\n" for name, item, status in rows)
    path.write_text(f"{len(rows)}\nimage_name item_id evaluation_status\n{lines}")


@pytest.mark.parametrize("list_folder", ["Eval", "Anno", "."])
@pytest.mark.parametrize("image_folder", [".", "Img"])
def test_a_part_of_it(tmp_path: Path, draw: Callable[[Path], Path], list_folder: str, image_folder: str) -> None:
    write_list(tmp_path / list_folder / "list_eval_partition.txt", ROWS)
    paths = [draw(tmp_path / image_folder / name) for name, *_ in ROWS]
    with pytest.warns(IncompleteImages, match=r"2 queries instead of 14,218, 2 gallery images instead of 12,612"):
        train, test = load_inshop(tmp_path, allow_incomplete=True)
    assert (train.images, test.images) == (paths[:2], paths[2:])
    assert train.class_names == ("id_00000002",)
    assert test.class_names == ("id_00000001", "id_00000080")
    assert test.labels.tolist() == [1, 1, 0, 0]
    assert train.is_query is None
    assert test.is_query is not None
    assert test.is_query.tolist() == [True, False, True, False]
    assert test.is_gallery is not None
    assert test.is_gallery.tolist() == [False, True, False, True]


def test_queries_are_searched_in_the_gallery_alone(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    write_list(tmp_path / "list_eval_partition.txt", ROWS)
    for name, *_ in ROWS:
        draw(tmp_path / name)
    with pytest.warns(IncompleteImages):
        test = load_inshop(tmp_path, allow_incomplete=True).test
    # the nearest picture of every query is the other query; in the gallery, the first finds its item, the second not
    embeddings = torch.tensor([[0.0], [1.0], [0.1], [-5.0]])
    assert recall_of(embeddings, test, (1, 2), "euclidean") == {"recall@1": 0.5, "recall@2": 1.0}


def test_the_published_numbers(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    path = str(draw(tmp_path / "img/WOMEN/0.jpg").relative_to(tmp_path))
    rows = [(path, f"id_{i % 3997:08d}", "train") for i in range(25882)]
    rows += [(path, f"id_{4000 + i % 3985:08d}", "query") for i in range(14218)]
    rows += [(path, f"id_{4000 + i % 3985:08d}", "gallery") for i in range(12612)]
    write_list(tmp_path / "Eval/list_eval_partition.txt", rows)
    train, test = load_inshop(tmp_path)
    assert (len(train), len(train.class_names)) == (25882, 3997)
    assert (len(test), len(test.class_names)) == (26830, 3985)
    assert (np.sum(test.is_query), np.sum(test.is_gallery)) == (14218, 12612)
    rows[-1] = ("img/WOMEN/1.jpg", "id_00004000", "gallery")
    write_list(tmp_path / "Eval/list_eval_partition.txt", rows)
    with pytest.raises(InputError, match=r"1 of 52,712 listed images are missing, the first is .*img/WOMEN/1\.jpg"):
        load_inshop(tmp_path)


@pytest.mark.parametrize(
    "header", ["image_name  evaluation_status", "image_pair_name_1 image_pair_name_2 item_id status"]
)
def test_lists_of_other_benchmarks_are_told(tmp_path: Path, header: str) -> None:
    (tmp_path / "Eval").mkdir()
    (tmp_path / "Eval/list_eval_partition.txt").write_text(f"1\n{header}\n")
    with pytest.raises(
        InputError, match=r"line 2 should be .* other benchmarks of DeepFashion have a list_eval.*In-shop"
    ):
        load_inshop(tmp_path)


def test_other_layouts_are_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"looked for Eval/list_eval_partition\.txt or Anno/list_eval_partition\.txt or"
    ):
        load_inshop(tmp_path)
    write_list(tmp_path / "Eval/list_eval_partition.txt", ROWS)
    with pytest.raises(InputError, match=r"looked for Img/img or img; found Eval"):
        load_inshop(tmp_path)
    write_list(tmp_path / "Eval/list_eval_partition.txt", [*ROWS, ("img/x.jpg", "id_1", "val")])
    with pytest.raises(InputError, match=r"line 9 has the status 'val' instead of train, query, gallery"):
        load_inshop(tmp_path)
