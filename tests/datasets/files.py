"""Small hand-made files in the public formats."""

import gzip
from pathlib import Path


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write text, packed when the name ends in .gz; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def lastfm(folder: Path) -> Path:
    """Artists 51 and 52 have an entity (0 and 1), 53 has none."""
    write(folder / "user_artists.dat", "userID\tartistID\tweight\n2\t51\t9\n2\t53\t7\n3\t52\t1\n3\t51\t4\n")
    write(folder / "item_index2entity_id.txt", "51\t0\n52\t1\n")
    write(folder / "kg.txt", "0\tmusic.artist.origin\t2\n1\tmusic.artist.origin\t2\n2\tfilm.actor.film\t3\n")
    return folder


def book_crossing(folder: Path) -> Path:
    """Both versions: two books, two users, one sampled negative."""
    for version, graph, relation in (
        ("mkr", "kg.txt", "book.written_work.author"),
        ("ripplenet", "kg_final.txt.gz", "1"),
    ):
        write(folder / version / "item_index2entity_id.txt", "0002005018\t0\n080442957X\t1\n")
        write(folder / version / graph, f"0\t{relation}\t2\n1\t{relation}\t2\n")
        write(folder / version / "ratings_final.txt", "7\t1\t1\n7\t0\t0\n8\t0\t1\n")
    write(folder / "ripplenet/kg_final.txt.gz", "0\t1\t2\n1\t1\t2\n2\t0\t3\n")
    write(
        folder / "ripplenet/relation_names_partial.tsv",
        "relation_id\tname\titem_headed_triples\tall_triples\n1\tbook.written_work.author\t2\t2\n",
    )
    return folder


def movielens_1m(folder: Path) -> Path:
    """Movies 10 and 11 in each graph, 12 in none; user 2 likes nothing."""
    write(folder / "ratings.dat", "1::10::5::100\n1::11::3::90\n1::12::5::80\n2::10::1::70\n")
    write(folder / "movies.dat", "10::Amélie (2001)::Comedy\n11::Heat (1995)::Action|Crime\n", encoding="latin-1")
    write(folder / "kg_satori_mkr/item_index2entity_id.txt", "10\t0\n11\t1\n")
    write(folder / "kg_satori_mkr/kg.txt", "0\tfilm.film.genre\t2\n1\tfilm.film.genre\t3\n")
    film = "{}::Title::2001::PG::1 Jan::{}::{}::Some Writer::{}::A plot: with a colon.::http://x\n".format
    write(
        folder / "movies_extrainfos.dat.gz",
        film(10, "Comedy, Romance", "Ann B.", "Zoë C., Ann B.")
        + film(12, "N/A", "Ann B.", "N/A")
        + film(99, "War", "X", "Y"),
    )
    write(folder / "kg_freebase/item_list.txt", "org_id freebase_id\n10 0 m.0a\n11 1 m.0b\n")
    write(folder / "kg_freebase/relation_list.txt", "org_id remap_id\nedited_by 0\nbelong_to_genre 1\n")
    write(folder / "kg_freebase/kg_final.txt.gz", "0 1 2\n1 0 3\n")
    write(
        folder / "kg_dbpedia/i2kg_map.txt", "eid\tpid\tname\tentity\n0\t10\tAmelie\thttp://a\n1\t11\tHeat\thttp://b\n"
    )
    write(
        folder / "kg_dbpedia/e_map.txt.gz",
        "eid\tname\tentity\n0\tAmelie\thttp://a\n1\tHeat\thttp://b\n2\tWho%27s_Who_%28film%29\thttp://c\n",
    )
    write(folder / "kg_dbpedia/r_map.txt", "id\tkb_relation\tname\n0\thttp://d\tdirected_by_director\n")
    write(
        folder / "kg_dbpedia/kg_final.txt",
        "entity_head\trelation\tentity_tail\n0\t0\t2\n1\t0\t2\n0\t0\t2\n",
    )
    return folder


def movielens_100k(folder: Path) -> Path:
    """Items 10 and 11 are linked, 12 is not."""
    write(
        folder / "ml-100k.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t4\t100\n1\t11\t3\t90\n2\t12\t5\t80\n",
    )
    write(
        folder / "ml-100k.item",
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n10\tToy Story\t1995\tComedy\n",
    )
    write(folder / "ml-100k.link", "item_id:token\tentity_id:token\n10\tm.0a\n11\tm.0b\n")
    write(
        folder / "ml-100k.kg.gz",
        "head_id:token\trelation_id:token\ttail_id:token\nm.0a\tfilm.film.genre\tm.0c\nm.0b\tfilm.film.genre\tm.0c\n",
    )
    return folder


def rkge(folder: Path) -> Path:
    """Item 7 is written as RKGE's line 1,576, item 8 with a capital letter, item 9 has ratings and no line."""
    write(folder / "rating-delete-missing-itemid.txt", "1\t7\t5\t30\n1\t8\t2\t10\n2\t9\t4\t20\n")
    lines = "id:7:genre:War|director:Ann B.|actors:Zoë C.\nid:8|genre:War|director: Ann B.|Actors:N/A\n"
    write(folder / "auxiliary.txt", "\ufeff" + lines)
    return folder


PUBLIC = {
    "lastfm": lastfm,
    "book-crossing": book_crossing,
    "ml-1m": movielens_1m,
    "ml-100k": movielens_100k,
    "ml-100k-rkge": rkge,
}
"""Dataset -> what writes its files into a folder."""
