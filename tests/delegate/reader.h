/* SPDX-License-Identifier: MIT */
/* tests/delegate/reader.h -- a reader's key: making one takes a tenth of a second, and ten under valgrind. */
#ifndef ARCA_TESTS_DELEGATE_READER_H
#define ARCA_TESTS_DELEGATE_READER_H

#include "delegate/rsa.h"
#include "tests/test.h"

static const char READER_PEM[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQC216E7avVixE7P\n"
	"jPpIc7hLxuh7Gx7QfPSYO/MGFMmOLFsVv6FSFrReLHeUFVY26uX2sU4eOkJCiweg\n"
	"BIj3BScLk2uk/3ns6G8AEc5/0HP1tcLPs/GXaRuLKMx13bfzYv2upGFtxfPDY3iU\n"
	"2/VoNtUtrFPp03CoDbGr5sr9Csw5mmxVx9xtO0vH3n2pRBmbyz25WX5oMTz0YURz\n"
	"YjVkRAXOp8BPsomjaMi5gY2LsKmWHwoNKuuDUqcW682ckgUgsQWDKjNnsj7+bvS5\n"
	"H/V2AX4uhvZwN39odwESiHhjZ9pFHoO/X6s1rNkXRci0DLgMpTA629OXAHYPgrZY\n"
	"BrKeK5Z1AgMBAAECggEAHkKTFEiYGnO3QFnKXT3LmTzu4lrjb2lSuLQpPQ8pKV61\n"
	"Z2TK39FSoghVdPxQA7A+BWUkMtP8/dLRHP5LJaikZOHNzaWbaeYw4q/Pv28CFf7y\n"
	"IhpbiC20yYPjzLj4Ve9C4Umitz5s4KAgh3BczdXPU6sCyz67VRDJIBRG8Xh9QqYA\n"
	"khQ8B9Iwiuj2modzMGjrndE9okMDtS1Iju1TfMO2pae/t82Wf7VQE85UjDnh0oaU\n"
	"X45YwJFQrh2WVpGtkfH0+OYLiC+lcyaAfeKXoXctFgblpXXd79o2DcK5Ratgb9D5\n"
	"z4FGATfTcewjXHGZR0dDxyHoVKBgU5FZhhGSUoDOmQKBgQDgMIO0YN41g/CsS7dr\n"
	"WXCbMKjeNj9MhPeErLJLAlOMy0Aca/uAVxSpAfH95abVE+KFKtDJ+Um4UCcJ1wO2\n"
	"RA7eB+kMch9HJ9GRCxnRtwg1tYgdW1tX1/qV/J6RErf9YN+WEyBb4Bx2MS1PmTPT\n"
	"c+qaEqwgMMAE553BZKTS24k5zQKBgQDQyTb1wXSatAeOYaAo1jvVNYYHss5XXJuf\n"
	"MA7UY4ESBTsIwpBTqDrZvQPiXNen2tBAFE7IXVX4xJQ9I3zx7fOCLxIaG6uhMSZU\n"
	"FkZZpyzRdqE2Vr2RZjjVmtxZV41DyeC6MiqoSW4ro6JxAdpeaCFJQZKOK98kK9l7\n"
	"2nw2FcuHSQKBgQC+Nst4XvwKYeDw/ukoDuHo+nc82sAIN4UfL7uyws2K1uSVeNUS\n"
	"BlCEOR9OMezEOzPlkvdFdtqipHcK9UC0A7itj/6ezbFWGSXJL6b/dZFkqJpNdjbh\n"
	"KGH3ojgTlNNBC1GJLr801MixS3ZLZAxB68bwZMlgIpy5TJ9f9/mU4injPQKBgQDI\n"
	"lfgCZWjUVE/KH8rSUPhM3040STnqPqOYbYBh1nMjT/kmcl5csQxRMkHwEMhzkEpw\n"
	"tdH2t40oIhxVHKomeDhxgy19/cWHaIPtVzUhXvY1CybY4L7hWPcTaON3xiCG1wXb\n"
	"fOT0pw98R4qBzYjxGFOaYLAffNC1nJcmYYLiJ1BRWQKBgQCJEABHjJge988LY+gV\n"
	"bPpLX2EM9Zfq12pZxuK4yfAkRqNi1ouKlxYIw/eL82i9sSlZvEmaBRvQOCTDsXg3\n"
	"vLmXGMMHNwc1aZoDlgVGSkkrZn+UEVIW/+tat/PgVqH3x0y0cO1C9Gi0aK5i4M5e\n"
	"hZC504+cp9VlUITinQkSBaAHsA==\n"
	"-----END PRIVATE KEY-----\n";

/* The same 2048 bits in every test, with the public half appended as SubjectPublicKeyInfo. */
static inline rsa_sk *reader_key(buf *spki)
{
	rsa_sk *sk = NULL;

	assert_ok(rsa_sk_read(&sk, slice_str(READER_PEM)));
	rsa_sk_spki(spki, sk);
	return sk;
}

#endif
