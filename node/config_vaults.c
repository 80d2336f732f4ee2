/* SPDX-License-Identifier: MIT */
/* node/config_vaults.c -- folders, buckets, the key that seals, and AWS: what of these goes together. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>
#include "aws/kms.h"
#include "aws/s3.h"
#include "node/config_internal.h"

/* One that names only a bucket has its working copy where the unit of systemd lets a node write. */
static err check_folder(node_config *c, char **path, const char *bucket, const char *key, const char *usual, const char *what)
{
	if ((*path)[0]) return OK;
	if (!bucket[0]) return node_config_wrong(c, key, 0, "the key %s is missing: %s", key, what);
	char *folder = strdup(usual);
	if (!folder) return err_fail(ERR_NOMEM, "no memory for a path");
	free(*path);
	*path = folder;
	return OK;
}

static err check_folders(node_config *c)
{
	TRY(check_folder(c, &c->public_vault.path, c->public_vault.bucket, "public_vault.storage.file.path", "/var/lib/arca/public",
	                 "folder for public material"));
	TRY(check_folder(c, &c->private_vault.path, c->private_vault.bucket, "private_vault.storage.file.path", "/var/lib/arca/private",
	                 "folder for keys and the journal"));
	if (strcmp(c->public_vault.path, c->private_vault.path) || strcmp(c->public_vault.prefix, c->private_vault.prefix)) return OK;
	return node_config_wrong(c, "private_vault.storage.file.path", 0, "the public and the private vault are the same folder, %s/%s",
	                         c->public_vault.path, c->public_vault.prefix);
}

static err check_keychain(node_config *c)
{
	const int given = (c->keychain.file[0] != 0) + (c->keychain.descriptor >= 0) + (c->keychain.credential[0] != 0) +
	                  (c->keychain.root_key_id[0] != 0);

	if (given > 1)
		return node_config_wrong(c, c->keychain.file[0] ? "private_vault.keychain.file.path" : c->keychain.credential[0] ?
		                         "private_vault.keychain.credential.name" : "private_vault.keychain.aws_kms.root_key_id", 0,
		                         "private_vault.keychain names %d keys; one of file, descriptor, credential and aws_kms is enough", given);
	if (!strcmp(c->keychain.root_key_spec, "asymm"))
		return node_config_wrong(c, "private_vault.keychain.aws_kms.root_key_spec", 0,
		                         "private_vault.keychain.aws_kms.root_key_spec is asymm, which is not built in this version; symm is");
	if (strcmp(c->keychain.root_key_spec, "symm"))
		return node_config_wrong(c, "private_vault.keychain.aws_kms.root_key_spec", 0,
		                         "private_vault.keychain.aws_kms.root_key_spec is %s; it must be symm", c->keychain.root_key_spec);
	if (c->keychain.root_key_id[0] && !aws_kms_key_name_ok(c->keychain.root_key_id))
		return node_config_wrong(c, "private_vault.keychain.aws_kms.root_key_id", 0,
		                         "private_vault.keychain.aws_kms.root_key_id is not the id, ARN or alias of a key");
	const int before = (c->former.file[0] != 0) + (c->former.descriptor >= 0) + (c->former.credential[0] != 0);
	const char *const former = c->former.file[0] ? "private_vault.keychain.former.file.path" : c->former.credential[0] ?
	                           "private_vault.keychain.former.credential.name" : "private_vault.keychain.former.descriptor.number";
	if (before > 1)
		return node_config_wrong(c, former, 0, "private_vault.keychain.former names %d keys; one of file, descriptor and credential is enough", before);
	if (before && c->keychain.root_key_id[0])
		return node_config_wrong(c, former, 0, "private_vault.keychain.former is for keys from files, descriptors and credentials; in this version "
		                         "a key that KMS has wrapped takes the place of none");
	if (given || !c->private_vault.bucket[0]) return OK;
	return node_config_wrong(c, "private_vault.storage.s3.bucket", 0,
	                         "private_vault.storage.s3 wants a key in private_vault.keychain: in a bucket private objects are sealed or not at all");
}

static err check_bucket(node_config *c, const char *bucket, const char *prefix, const char *key)
{
	const size_t n = strlen(prefix);
	bool plain = n == 0 || (prefix[0] != '/' && prefix[n - 1] != '/');

	if (bucket[0] && !s3_bucket_ok(bucket)) return node_config_wrong(c, key, 0, "%s is %s, which is not the name of a bucket", key, bucket);
	for (size_t i = 0; i < n; i++) plain &= prefix[i] > ' ' && prefix[i] < 0x7f;
	plain &= !strstr(prefix, "//") && strcmp(prefix, ".") && strcmp(prefix, "..") && !strstr(prefix, "./") && !strstr(prefix, "/.");
	if (plain) return OK;
	return node_config_wrong(c, key, 0, "the prefix below %s, \"%.60s\", must be names of letters, digits and signs with a slash between them",
	                         key, prefix);
}

/* Is the machine itself meant? */
static bool is_loopback(const char *endpoint)
{
	static const char HTTP[] = "http://";
	const char *host = endpoint + sizeof HTTP - 1;
	char text[AWS_ENDPOINT + 1];
	struct in_addr a;

	snprintf(text, sizeof text, "%.*s", (int)(host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":")), host);
	return !strcasecmp(text, "localhost") || !strcmp(text, "[::1]") || (inet_pton(AF_INET, text, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
}

static err check_endpoints(node_config *c)
{
	const char *s3 = c->aws.s3_endpoint, *kms = c->aws.awskms_endpoint;

	if (s3[0] && !aws_endpoint_ok(s3))
		return node_config_wrong(c, "aws.s3_endpoint", 0, "aws.s3_endpoint is %.80s; one is like https://s3.example:9000", s3);
	if (kms[0] && !aws_endpoint_ok(kms))
		return node_config_wrong(c, "aws.awskms_endpoint", 0, "aws.awskms_endpoint is %.80s; one is like https://kms.example", kms);
	if (strncasecmp(kms, "http://", 7) || is_loopback(kms)) return OK;
	return node_config_wrong(c, "aws.awskms_endpoint", 0,
	                         "aws.awskms_endpoint is %.80s, over which the key of the vault would travel for all to see; https is wanted", kms);
}

static err check_aws(node_config *c)
{
	const bool used = c->public_vault.bucket[0] || c->private_vault.bucket[0] || c->keychain.root_key_id[0];
	const int given = (c->aws.file[0] != 0) + (c->aws.descriptor >= 0) + (c->aws.credential[0] != 0);

	TRY(check_bucket(c, c->public_vault.bucket, c->public_vault.s3_prefix, "public_vault.storage.s3.bucket"));
	TRY(check_bucket(c, c->private_vault.bucket, c->private_vault.s3_prefix, "private_vault.storage.s3.bucket"));
	TRY(check_endpoints(c));
	if (c->private_vault.bucket[0] && !strcmp(c->public_vault.bucket, c->private_vault.bucket) &&
	    !strcmp(c->public_vault.s3_prefix, c->private_vault.s3_prefix))
		return node_config_wrong(c, "private_vault.storage.s3.prefix", 0, "the public and the private vault have the same bucket and prefix");
	if (given > 1)
		return node_config_wrong(c, "aws.credentials", 0,
		                         "aws.credentials names %d places; one of file, descriptor and credential is enough", given);
	if (c->aws.region[0] && !aws_region_ok(c->aws.region))
		return node_config_wrong(c, "aws.region", 0, "aws.region is %s; one is like eu-west-3", c->aws.region);
	if (!used || c->aws.region[0]) return OK;
	return node_config_wrong(c, "aws.region", 0, "aws.region is missing, which is part of every signature; servers that are not AWS's "
	                         "want the one that they were given, often us-east-1");
}

err node_config_check_vaults(node_config *c)
{
	TRY(check_folders(c));
	TRY(check_keychain(c));
	return check_aws(c);
}
