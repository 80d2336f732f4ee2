/* SPDX-License-Identifier: MIT */
/* What is read and written as text: credentials, base64, XML, refusals, pages of lists, names. */
#include <stdlib.h>
#include "aws/base64.h"
#include "aws/call.h"
#include "aws/s3.h"
#include "aws/xml.h"
#include "tests/test.h"

/* RFC 4648, section 10. */
static void base64_gives_known_answers(void **state)
{
	static const char *const PLAIN[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const TEXT[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	(void)state;

	for (size_t i = 0; i < COUNT(PLAIN); i++) {
		AUTO(buf) out = { 0 };
		base64_write(&out, slice_str(PLAIN[i]));
		assert_true(slice_eq_var(buf_slice(&out), slice_str(TEXT[i])));
		buf_clear(&out);
		assert_true(base64_read(&out, slice_str(TEXT[i])));
		assert_true(slice_eq_var(buf_slice(&out), slice_str(PLAIN[i])));
	}
}

static void base64_is_read_in_one_way_only(void **state)
{
	static const char *const WRONG[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm9v\n", "Zm-v", "Zm_v", "Zm v", "=m9v", "Z=9v", "Zm=v" };
	AUTO(buf) all = { 0 };
	AUTO(buf) text = { 0 };
	AUTO(buf) back = { 0 };
	(void)state;

	for (size_t i = 0; i < COUNT(WRONG); i++) assert_false(base64_read(&back, slice_str(WRONG[i])));
	assert_int_equal(back.n, 0);
	for (unsigned i = 0; i < 256; i++) {
		const char sign[] = { 'A', 'A', (char)i, 'A' };
		const bool known = i && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", (int)i);
		buf_clear(&back);
		assert_int_equal(base64_read(&back, slice_of(sign, sizeof sign)), known);
		buf_put_u8(&all, (uint8_t)i);
	}
	base64_write(&text, buf_slice(&all));
	buf_clear(&back);
	assert_true(base64_read(&back, buf_slice(&text)));
	assert_true(slice_eq_var(buf_slice(&back), buf_slice(&all)));
}

static void credentials_are_read_as_the_tools_of_aws_do(void **state)
{
	aws_credentials c;
	(void)state;

	assert_ok(aws_credentials_parse(&c, slice_str("# mine\n[profile x]\naws_access_key_id = B\n\n[default]\r\n  aws_access_key_id=AK\r\n"
	                                              "aws_secret_access_key = a/b+c=\t\nregion = x\naws_session_token=T"), "here"));
	assert_string_equal(c.key_id, "AK");
	assert_string_equal(c.secret, "a/b+c=");
	assert_string_equal(c.token, "T");
	assert_ok(aws_credentials_parse(&c, slice_str("aws_access_key_id=AK\naws_secret_access_key=S\n"), "here"));
	assert_string_equal(c.token, "");
}

static void what_is_no_credentials_is_refused_without_its_text(void **state)
{
	static const char *const WRONG[] = { "", "[default]\n", "aws_access_key_id=AK\n", "aws_secret_access_key=SECRET\n", "SECRET\n",
		"aws_access_key_id=AK\naws_secret_access_key=SEC RET\n", "aws_access_key_id=AK\naws_secret_access_key=\n",
		"[other]\naws_access_key_id=AK\naws_secret_access_key=SECRET\n", "aws_access_key_id=AK\naws_secret_access_key=SECRET\x01\n" };
	aws_credentials c;
	char text[400];
	(void)state;

	for (size_t i = 0; i < COUNT(WRONG); i++) {
		assert_int_equal(aws_credentials_parse(&c, slice_str(WRONG[i]), "here"), ERR_REQUEST);
		assert_null(strstr(err_text(), "SEC"));
		err_clear();
	}
	snprintf(text, sizeof text, "aws_access_key_id=AK\naws_secret_access_key=%0*d\n", AWS_SECRET, 0);
	assert_ok(aws_credentials_parse(&c, slice_str(text), "here"));
	snprintf(text, sizeof text, "aws_access_key_id=AK\naws_secret_access_key=%0*d\n", AWS_SECRET + 1, 0);
	assert_err(ERR_REQUEST, aws_credentials_parse(&c, slice_str(text), "here"));
}

static void the_environment_loses_what_is_read_from_it(void **state)
{
	char id[] = "AWS_ACCESS_KEY_ID=AK", secret[] = "AWS_SECRET_ACCESS_KEY=SECRET", token[] = "AWS_SESSION_TOKEN=TOKEN",
	     other[] = "AWS_REGION=eu", *environment[] = { id, other, secret, token, NULL };
	aws_credentials c;
	(void)state;

	assert_ok(aws_credentials_read(&c, &(aws_credentials_source){ .descriptor = -1, .environment = environment }));
	assert_string_equal(c.secret, "SECRET");
	assert_string_equal(c.token, "TOKEN");
	for (size_t i = sizeof "AWS_SECRET_ACCESS_KEY="; i < sizeof secret; i++) assert_int_equal(secret[i - 1], 0);
	for (size_t i = sizeof "AWS_SESSION_TOKEN="; i < sizeof token; i++) assert_int_equal(token[i - 1], 0);
	assert_string_equal(other, "AWS_REGION=eu");
	assert_err(ERR_REQUEST, aws_credentials_read(&c, &(aws_credentials_source){ .descriptor = -1, .environment = environment }));
}

static bool join(void *ctx, const char *path, slice text)
{
	buf_printf(ctx, "%s=%.*s;", path, (int)text.n, text.n ? (const char *)text.p : "");
	return true;
}

static void xml_is_elements_and_their_text(void **state)
{
	AUTO(buf) out = { 0 };
	(void)state;

	assert_ok(xml_read(slice_str("<?xml version=\"1.0\"?><a x='1'>b<c>d&amp;&#x41;</c>e<!-- f --><c/><c><![CDATA[<g>]]></c></a>"), join, &out));
	assert_string_equal(buf_str(&out), "a/c=d&A;a/c=;a/c=<g>;a=be;");
}

static void other_xml_is_refused(void **state)
{
	static const char *const WRONG[] = { "", "a", "<a>", "<a></b>", "<a/><b/>", "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
		"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<a>&x;</a>", "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>", "<a>\xff</a>" };
	AUTO(buf) out = { 0 };
	AUTO(buf) longer = { 0 };
	(void)state;

	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, xml_read(slice_str(WRONG[i]), join, &out));
	buf_printf(&longer, "<a>%0*d</a>", XML_TEXT, 0);
	assert_ok(xml_read(buf_slice(&longer), join, &out));
	buf_clear(&longer);
	buf_printf(&longer, "<a>%0*d</a>", XML_TEXT + 1, 0);
	assert_err(ERR_REQUEST, xml_read(buf_slice(&longer), join, &out));
	buf_clear(&longer);
	buf_printf(&longer, "<a%0*d/>", XML_NAME, 0);
	assert_err(ERR_REQUEST, xml_read(buf_slice(&longer), join, &out));
}

static void refusals_are_read_and_made_printable(void **state)
{
	char code[AWS_CODE], message[AWS_MESSAGE];
	(void)state;

	aws_refusal_read(code, message, AWS_S3, slice_str("<Error><Code>NoSuchKey</Code><Message>no\nsuch</Message></Error>"));
	assert_string_equal(code, "NoSuchKey");
	assert_string_equal(message, "no?such");
	aws_refusal_read(code, message, AWS_KMS, slice_str("{\"__type\":\"com.amazonaws.kms#DisabledException\",\"Message\":\"it is\"}"));
	assert_string_equal(code, "DisabledException");
	assert_string_equal(message, "it is");
	aws_refusal_read(code, message, AWS_S3, slice_str("<html>Bad gateway"));
	assert_string_equal(code, "");
	aws_refusal_read(code, message, AWS_KMS, slice_str("{\"__type\":7}"));
	assert_string_equal(code, "");
}

static bool any(void *ctx, const char *name, uint64_t size)
{
	(void)name, (void)size;
	++*(unsigned *)ctx;
	return true;
}

#define ONE "<Contents><Key>a</Key><Size>1</Size></Contents>"

static void a_page_says_what_there_is_and_whether_it_goes_on(void **state)
{
	static const char *const WRONG[] = { "<ListBucketResult/>", "<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>",
		"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
		"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>",
		"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></ListBucketResult>",
		"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>" };
	char next[XML_TEXT + 1];
	unsigned n = 0;
	bool more;
	(void)state;

	assert_ok(s3_page_read(&more, next, slice_str("<ListBucketResult>" ONE ONE "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>"), any, &n));
	assert_true(more && n == 2);
	assert_string_equal(next, "t");
	assert_ok(s3_page_read(&more, next, slice_str("<ListBucketResult><IsTruncated>false</IsTruncated>" ONE "</ListBucketResult>"), any, &n));
	assert_true(!more && n == 3);
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, s3_page_read(&more, next, slice_str(WRONG[i]), any, &n));
}

static void names_of_buckets_regions_and_endpoints_are_checked(void **state)
{
	(void)state;
	assert_true(s3_bucket_ok("abc") && s3_bucket_ok("a.b-c0"));
	assert_false(s3_bucket_ok("ab") || s3_bucket_ok("-abc") || s3_bucket_ok("abc.") || s3_bucket_ok("Abc") || s3_bucket_ok("a/b") || s3_bucket_ok(""));
	assert_true(aws_region_ok("eu-west-3"));
	assert_false(aws_region_ok("") || aws_region_ok("eu west") || aws_region_ok("eu/3"));
	assert_true(aws_endpoint_ok("http://127.0.0.1:9000") && aws_endpoint_ok("https://[::1]:9") && aws_endpoint_ok("https://s3.example"));
	assert_false(aws_endpoint_ok("s3.example") || aws_endpoint_ok("https://") || aws_endpoint_ok("http://a/b") || aws_endpoint_ok("http://u@h") || aws_endpoint_ok("ftp://h"));
}

TESTS(TEST(base64_gives_known_answers), TEST(base64_is_read_in_one_way_only), TEST(credentials_are_read_as_the_tools_of_aws_do),
      TEST(what_is_no_credentials_is_refused_without_its_text), TEST(the_environment_loses_what_is_read_from_it),
      TEST(xml_is_elements_and_their_text), TEST(other_xml_is_refused), TEST(refusals_are_read_and_made_printable),
      TEST(a_page_says_what_there_is_and_whether_it_goes_on), TEST(names_of_buckets_regions_and_endpoints_are_checked))
