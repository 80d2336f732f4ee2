// SPDX-License-Identifier: MIT
/*
 * tkms.mjs -- a user, as a dapp is one: an address, a key pair of node-tkms 0.12.8, and that client's reconstruction,
 * always with verification on.
 */
import { createRequire } from 'node:module';
import { domainForRequest, domainForTkms, ethers, fromBe, hex, encodeUserPayload } from './lib.mjs';

export const tkms = createRequire(import.meta.url)('node-tkms');

export class User {
	constructor(address = ethers.Wallet.createRandom().address, sk = tkms.ml_kem_pke_keygen(), pk = null) {
		this.address = address;
		this.sk = sk;
		this.pk = pk ?? tkms.ml_kem_pke_get_pk(sk);
		this.encKey = Buffer.from(tkms.ml_kem_pke_pk_to_u8vec(this.pk));
	}

	static fromBytes(address, pk, sk) {
		return new User(address, tkms.u8vec_to_ml_kem_pke_sk(sk), tkms.u8vec_to_ml_kem_pke_pk(pk));
	}

	request(id, keyId, ciphertexts, domain) {
		return { request_id: { request_id: id }, typed_ciphertexts: ciphertexts, key_id: { request_id: keyId },
			client_address: this.address, enc_key: this.encKey, domain: domainForRequest(domain) };
	}

	/* What node-tkms makes of answers [{ payload, signature }] (bytes) to a question about these handles. */
	open(signers, handles, domain, answers, parameters = 'test') {
		const servers = signers.map((address, i) => tkms.new_server_id_addr(i + 1, address));
		const question = {
			signature: undefined, client_address: this.address, enc_key: hex(this.encKey).slice(2),
			ciphertext_handles: handles.map(h => hex(h).slice(2)), eip712_verifying_contract: domain.verifying_contract,
		};
		const responses = answers.map(a =>
			({ signature: hex(a.signature).slice(2), payload: hex(a.payload).slice(2), extra_data: '' }));
		try {
			return tkms.process_user_decryption_resp_from_js(tkms.new_client(servers, this.address, parameters), question,
				domainForTkms(domain), responses, this.pk, this.sk, true)
				.map(t => ({ type: t.fhe_type, value: fromBe(t.bytes) }));
		} catch (e) {
			throw e instanceof Error ? e : new Error(String(e));
		}
	}
}

export const answerFor = response =>
	({ payload: encodeUserPayload(response.payload), signature: response.external_signature });
