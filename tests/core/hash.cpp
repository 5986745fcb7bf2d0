#include <muhat/core/hash.hpp>

#include <support/catch.hpp>

#include <cstddef>
#include <string>

TEST_CASE("hash: sha256 of the standard's examples") {
  CHECK(muhat::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(muhat::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(muhat::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(muhat::sha256(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("hash: md5 of the RFC's examples") {
  CHECK(muhat::md5("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(muhat::md5("abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(muhat::md5("test") == "098f6bcd4621d373cade4e832627b4f6");
  CHECK(muhat::md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890") ==
        "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("hash: lengths around the padding's edges differ") {
  // Digests of texts of n letters x, chained: the last one depends on all.
  std::string sha_chain;
  std::string md5_chain;
  for (std::size_t n = 50; n < 130; ++n) {
    sha_chain = muhat::sha256(sha_chain + std::string(n, 'x'));
    md5_chain = muhat::md5(md5_chain + std::string(n, 'x'));
  }
  CHECK(sha_chain == "80282eba361fb47307d3d6aa2b8faf0696ec6c6f0afc96acd20f7aab920b53e8");
  CHECK(md5_chain == "ecfe9eeca9e55f27345bdf371359e69a");
}
