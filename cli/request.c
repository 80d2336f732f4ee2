/* SPDX-License-Identifier: MIT */
/* cli/request.c */
#include "cli/request.h"
#include <sys/stat.h>

/* A file where the folder belongs, or the other way round. */
static err refuse_mistaken(const char *dir, const char *nodes)
{
	struct stat s;

	if (stat(dir ? dir : nodes, &s) != 0) return OK;
	if (dir && S_ISREG(s.st_mode)) return err_fail(ERR_IO, "%s is a file; --devnet names the folder of a devnet, --nodes a file", dir);
	if (nodes && S_ISDIR(s.st_mode)) return err_fail(ERR_IO, "%s is a folder; --nodes names a file, --devnet the folder of a devnet", nodes);
	return OK;
}

err cluster_of_args(cluster *out, cli *c)
{
	AUTO(buf) file = { 0 };
	const char *dir = args_text(&c->args, "devnet"), *nodes = args_text(&c->args, "nodes");

	TRY(refuse_mistaken(dir, nodes));
	if (dir) buf_printf(&file, "%s/devnet.json", dir);
	else buf_put_str(&file, nodes);
	err e = cluster_read(out, buf_str(&file));
	if (e == ERR_NOT_FOUND || e == ERR_IO) c->code = EXIT_IO;
	if (e == ERR_NOT_FOUND && dir)
		return err_fail(e, "%s: there is no devnet here; 'arca devnet up --dir %s' makes one", dir, dir);
	return e;
}

err cluster_key_allowed(const cluster *net, const cli *c)
{
	if (!cluster_is_insecure(net) || args_has(&c->args, "devnet") || args_has(&c->args, "allow-insecure-key")) return OK;
	return err_fail(ERR_REQUEST, "the cluster's keys are insecure: a dealer who made them had them whole (keygen \"insecure\"); "
	                "--allow-insecure-key uses them all the same");
}

/* Messages borrow their texts and never change them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

void request_fill(request_fields *out, const cluster *net, const id32 *request, const id32 *about, bool key_material)
{
	const id32 *const ids[] = { request, about, &net->context, &net->epoch };
	Kms__V1__RequestId *const messages[] = { &out->request, &out->about, &out->context, &out->epoch };

	for (size_t i = 0; i < COUNT(ids); i++) {
		id_text(out->text[i], ids[i]);
		kms__v1__request_id__init(messages[i]);
		messages[i]->request_id = out->text[i];
	}
	memset(out->chain_id, 0, sizeof out->chain_id);
	for (unsigned i = 0; i < 8; i++) out->chain_id[31 - i] = (uint8_t)(net->chain_id >> (8 * i));
	kms__v1__eip712_domain_msg__init(&out->domain);
	out->domain.name = text(key_material ? CLUSTER_KEY_DOMAIN : net->domain_name);
	out->domain.version = text(net->domain_version);
	out->domain.chain_id = (ProtobufCBinaryData){ sizeof out->chain_id, out->chain_id };
	out->domain.verifying_contract = text(net->contract);
}
