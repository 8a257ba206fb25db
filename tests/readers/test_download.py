import hashlib
import os
import socket
import threading

import pytest

from paddle_course.readers import download
from paddle_course.readers.download import SOURCES, Remote, fetch, main
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError

DATA = os.urandom(300_000)
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(download, "TIMEOUT", (2, 2))


@pytest.fixture
def remote(server, mirror, monkeypatch):
    """One data set, `toy`, in one file that both servers have."""
    server.files["toy.bin"] = mirror.files["copy/toy.bin"] = DATA
    remote = Remote("sub/toy.bin", MD5, server.url + "toy.bin", (mirror.url + "copy/toy.bin",))
    monkeypatch.setattr(download, "SOURCES", {"toy": (remote,)})
    return remote


def only(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_is_fetched_checked_and_kept(tmp_path, server, mirror, remote):
    assert fetch("toy", tmp_path, progress=False) == tmp_path / "sub"
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA
    assert only(tmp_path) == ["toy.bin"]  # nothing is left lying about
    fetch("toy", tmp_path, progress=False)
    assert server.requests == [("/toy.bin", "")] and mirror.requests == []


def test_a_file_with_another_md5_is_replaced(tmp_path, server, remote):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "toy.bin").write_bytes(DATA[:1000])
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def test_a_broken_off_download_goes_on_where_it_stopped(tmp_path, server, mirror, remote):
    server.cut = [100_000, 50_000]
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA
    starts = [int(span.removeprefix("bytes=").rstrip("-") or 0) for _, span in server.requests]
    assert len(starts) == 3 and starts == sorted(starts) and 0 < starts[1] <= 100_000 < starts[2] <= 150_000
    assert mirror.requests == []


def test_it_goes_on_in_another_process_too(tmp_path, server, mirror, remote):
    server.cut, mirror.status = [100_000], [404]
    server.status = [200, *[503] * 3]
    with pytest.raises(UserError):
        fetch("toy", tmp_path, progress=False)
    assert only(tmp_path) == ["toy.bin.part"]
    left = (tmp_path / "sub" / "toy.bin.part").stat().st_size
    assert 0 < left <= 100_000
    server.requests.clear()
    fetch("toy", tmp_path, progress=False)
    assert server.requests == [("/toy.bin", f"bytes={left}-")]
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA and only(tmp_path) == ["toy.bin"]


def test_a_download_that_always_breaks_but_moves_on_is_given_time(tmp_path, server, remote):
    server.cut = [60_000] * 6
    fetch("toy", tmp_path, progress=False)
    assert len(server.requests) > download.TRIES and (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def test_the_mirror_goes_on_with_what_the_first_address_began(tmp_path, server, mirror, remote):
    server.cut, server.status = [100_000], [200, 404]
    fetch("toy", tmp_path, progress=False)
    assert mirror.requests[0][1].startswith("bytes=")
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def test_a_server_without_ranges_starts_over(tmp_path, server, remote):
    server.cut, server.ranges = [100_000], False
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


@pytest.mark.parametrize("left", [DATA, DATA + b"more", os.urandom(1000), os.urandom(len(DATA))])
def test_whatever_an_old_part_holds_the_file_comes_out_right(tmp_path, server, mirror, remote, left):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "toy.bin.part").write_bytes(left)
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA and only(tmp_path) == ["toy.bin"]
    assert mirror.requests == []


def test_a_busy_server_is_asked_again_a_wrong_address_is_not(tmp_path, server, mirror, remote):
    server.status = [503, 429]
    fetch("toy", tmp_path / "a", progress=False)
    assert len(server.requests) == 3 and mirror.requests == []
    server.requests.clear()
    server.status = [403]
    fetch("toy", tmp_path / "b", progress=False)
    assert len(server.requests) == 1 and len(mirror.requests) == 1


def test_another_md5_is_answered_by_the_mirror(tmp_path, server, mirror, remote):
    server.files["toy.bin"] = b"<html>please log in</html>"
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA
    assert len(server.requests) == len(mirror.requests) == 1


def test_another_md5_everywhere_is_an_error_and_leaves_nothing(tmp_path, server, mirror, remote):
    server.files["toy.bin"] = mirror.files["copy/toy.bin"] = b"tampered"
    with pytest.raises(UserError, match=r"127.0.0.1: another md5; 127.0.0.1: another md5") as caught:
        fetch("toy", tmp_path, progress=False)
    assert MD5 in str(caught.value) and only(tmp_path) == []


def test_a_gz_that_the_server_calls_encoded_arrives_as_it_is(tmp_path, server, remote):
    server.headers["Content-Encoding"] = "gzip"
    fetch("toy", tmp_path, progress=False)
    assert (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_without_a_network_one_line_says_what_to_do(tmp_path, monkeypatch):
    url = f"http://127.0.0.1:{closed_port()}/toy.bin"
    monkeypatch.setattr(download, "SOURCES", {"toy": (Remote("toy.bin", MD5, url, (url,)),)})
    with pytest.raises(UserError) as caught:
        fetch("toy", tmp_path, progress=False)
    message = str(caught.value)
    assert "\n" not in message and "no connection" in message
    for part in ("toy.bin cannot be downloaded", url, MD5, str(tmp_path), "by hand", "--data stand-in"):
        assert part in message


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [("ALL_PROXY", "gopher://127.0.0.1:1", "gopher"), ("REQUESTS_CA_BUNDLE", "/nowhere.pem", "/nowhere.pem")],
)
def test_a_proxy_or_a_certificate_that_is_set_wrongly_is_told(tmp_path, monkeypatch, variable, value, said):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(download, "SOURCES", {"toy": (Remote("toy.bin", MD5, "https://192.0.2.1/toy.bin"),)})
    tried = []
    monkeypatch.setattr(download.time, "sleep", tried.append)
    with pytest.raises(UserError, match=rf"toy.bin cannot be downloaded \(192.0.2.1: .*{said}.*by hand"):
        fetch("toy", tmp_path, progress=False)
    assert len(tried) <= 2 and (variable != "ALL_PROXY" or not tried)


def test_a_server_that_says_nothing_is_left(tmp_path, mirror, remote, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", (2, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/toy.bin"
        toy = Remote("sub/toy.bin", MD5, url, remote.mirrors)
        monkeypatch.setattr(download, "SOURCES", {"toy": (toy,)})
        fetch("toy", tmp_path, progress=False)
    assert len(mirror.requests) == 1 and (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def test_two_at_once_download_once(tmp_path, server, remote):
    threads = [threading.Thread(target=fetch, args=("toy", tmp_path, False)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1 and (tmp_path / "sub" / "toy.bin").read_bytes() == DATA


def test_a_folder_that_cannot_be_written_is_the_users_to_know(tmp_path, remote):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match=r"cannot be written .*--data-root"):
        fetch("toy", tmp_path / "file", progress=False)


def test_all_fetches_every_set(tmp_path, server, monkeypatch):
    server.files["a"], server.files["b"] = b"a", b"b"
    md5s = {name: hashlib.md5(name.encode()).hexdigest() for name in "ab"}
    sources = {name: (Remote(f"{name}.txt", md5, server.url + name),) for name, md5 in md5s.items()}
    monkeypatch.setattr(download, "SOURCES", sources)
    assert fetch("all", tmp_path, progress=False) == tmp_path and only(tmp_path) == ["a.txt", "b.txt"]
    with pytest.raises(UserError, match="data set 'c' is not known; use one of: a, b, doodles, all"):
        fetch("c", tmp_path)


def test_the_command_prints_the_place_and_shows_progress_on_stderr(tmp_path, server, remote, capsys):
    assert main(["toy", "--data-root", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'sub'}\n" and "toy.bin from 127.0.0.1" in err
    server.files.clear()
    assert main(["toy", "--data-root", str(tmp_path)]) == 0  # it is there


def test_the_command_ends_with_2_on_mistakes(tmp_path, server, mirror, remote, capsys):
    server.files.clear(), mirror.files.clear()
    assert main(["toy", "--data-root", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "error: toy.bin cannot be downloaded (127.0.0.1: status 404; 127.0.0.1: status 404)" in err
    with pytest.raises(SystemExit) as caught:
        main(["toys"])
    assert caught.value.code == 2


def test_the_table_is_whole():
    assert list(SOURCES) == ["cifar10", "cifar100", "mnist", "fashion-mnist", "housing"]
    remotes = [remote for files in SOURCES.values() for remote in files]
    assert len(remotes) == len({r.md5 for r in remotes}) == len({r.place for r in remotes}) == 11
    for remote in remotes:
        assert len(bytes.fromhex(remote.md5)) == 16 and remote.mirrors
        for url in (remote.url, *remote.mirrors):
            assert url.startswith("http") and url.rsplit("/", 1)[1] == remote.place.rsplit("/", 1)[-1]


def test_the_md5s_are_those_of_the_real_files(real_data):
    for files in SOURCES.values():
        for remote in files:
            path = real_data / remote.place
            if path.is_file():
                assert hashlib.md5(path.read_bytes()).hexdigest() == remote.md5


def test_dogs_are_made_of_what_is_here(tmp_path, capsys):
    write_stand_in("pets", tmp_path)
    assert main(["dogs", "--data-root", str(tmp_path), "--from", str(tmp_path / "pets")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "dogs")
    assert {"train.csv", "test.csv", "train_000001.jpg"} <= set(only(tmp_path))
    assert main(["dogs", "--data-root", str(tmp_path), "--from", str(tmp_path / "none")]) == 2
    with pytest.raises(SystemExit):
        main(["mnist", "--from", str(tmp_path)])
    assert "--from belongs to dogs; mnist is downloaded" in capsys.readouterr().err
