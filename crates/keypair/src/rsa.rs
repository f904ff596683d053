//! RSA signatures (RFC 8017), verified with public numbers only.
//!
//! Verifying is one modular power and a comparison. Taking the whole of an RSA library for it
//! would triple the number of crates and bring code for private operations that nothing here
//! calls.

use crypto_bigint::{
    BoxedUint, ConcatenatingMul, NonZero, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use pkcs1::{RsaPrivateKey, RsaPublicKey, UintRef};
use x509_cert::der::Decode;

use super::algorithm::{ALLOWED_KEYS, Hash};

/// CA/Browser Forum, Baseline Requirements 6.1.5: at least 2048 bits. The upper bound keeps
/// handshakes, and this check, within a sane time.
const ALLOWED_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// OpenSSL reads no longer ones (`OPENSSL_RSA_MAX_PUBEXP_BITS`), at least with large moduli.
const MAX_EXPONENT_BITS: usize = 64;

/// Two, but for rare keys (RFC 8017, 3.2), of which OpenSSL makes none with more than this.
const MAX_PRIMES: usize = 5;

/// A modulus and an exponent of allowed size.
#[derive(Clone, PartialEq)]
pub(super) struct RsaKey {
    modulus: Odd<BoxedUint>,
    exponent: BoxedUint,
}

impl RsaKey {
    /// Reads an `RSAPublicKey` (RFC 8017, A.1.1).
    ///
    /// # Errors
    /// The end of a sentence that starts with the certificate's or key's name.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, String> {
        let key = RsaPublicKey::<UintRef<'_>>::from_der(der)
            .map_err(|_| format!("has an RSA key that cannot be read; {ALLOWED_KEYS}"))?;
        Self::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// The public half of a private key whose numbers belong together.
    ///
    /// # Errors
    /// As [`Self::from_der`].
    pub(super) fn of_private(key: &RsaPrivateKey<UintRef<'_>>) -> Result<Self, String> {
        let public = Self::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        let mut primes = vec![&key.prime1, &key.prime2];
        let mut numbers = vec![
            &key.private_exponent,
            &key.exponent1,
            &key.exponent2,
            &key.coefficient,
        ];
        for other in key.other_prime_infos.iter().flatten() {
            primes.push(&other.prime);
            numbers.extend([&other.exponent, &other.coefficient]);
        }
        // Arithmetic on numbers without a bound takes minutes, here and in each handshake. All
        // of these are below the modulus (RFC 8017, 3.2).
        let most = key.modulus.as_bytes().len();
        let mut lengths = numbers
            .iter()
            .chain(&primes)
            .map(|one| one.as_bytes().len());
        if let Some(length) = lengths.find(|length| *length > most) {
            return Err(format!(
                "has an RSA key with a private number of {length} bytes; allowed are at most {most}, as many as its modulus has"
            ));
        }
        if primes.len() > MAX_PRIMES {
            return Err(format!(
                "has an RSA key of {} primes; allowed are at most {MAX_PRIMES}",
                primes.len()
            ));
        }
        let number = |uint: &UintRef<'_>| BoxedUint::from_be_slice_vartime(uint.as_bytes());
        let product = primes.iter().fold(BoxedUint::one(), |product, prime| {
            product.concatenating_mul(number(prime))
        });
        // Two to the power of both exponents is two again only if they belong together; a key
        // that is cut and pasted wrongly would fail in the first handshake otherwise.
        let params = BoxedMontyParams::new_vartime(public.modulus.clone());
        let two = BoxedMontyForm::new(widened(&[2], public.bits()), &params);
        let back = two
            .pow(&public.exponent)
            .pow(&number(&key.private_exponent));
        let modulus = public.modulus.as_ref().to_be_bytes_trimmed_vartime();
        if product.to_be_bytes_trimmed_vartime() != modulus || back != two || !public.signs_by(key)
        {
            return Err("has an RSA key whose numbers do not belong together".to_owned());
        }
        Ok(public)
    }

    /// Whether the numbers that signing is really done with, one for each prime, are those of the
    /// key (RFC 8017, 3.2): `e * d_i = 1 mod (r_i - 1)`, and each coefficient times the primes
    /// before its own is 1 modulo that one; of the first two it is the other way round.
    fn signs_by(&self, key: &RsaPrivateKey<UintRef<'_>>) -> bool {
        let number = |uint: &UintRef<'_>| BoxedUint::from_be_slice_vartime(uint.as_bytes());
        let is_inverse = |one: &BoxedUint, other: &BoxedUint, modulo: BoxedUint| {
            let modulo = NonZero::new(modulo).into_option();
            modulo.is_some_and(|modulo| {
                let product = one.concatenating_mul(other);
                // Modulo 1 everything is 0.
                product.rem_vartime(&modulo) == BoxedUint::one().rem_vartime(&modulo)
            })
        };
        let before = |prime: &BoxedUint| prime.wrapping_sub(BoxedUint::one());
        let (p, q) = (number(&key.prime1), number(&key.prime2));
        let mut product = p.concatenating_mul(&q);
        is_inverse(&self.exponent, &number(&key.exponent1), before(&p))
            && is_inverse(&self.exponent, &number(&key.exponent2), before(&q))
            && is_inverse(&number(&key.coefficient), &q, p)
            && key.other_prime_infos.iter().flatten().all(|other| {
                let prime = number(&other.prime);
                let fits = is_inverse(&self.exponent, &number(&other.exponent), before(&prime))
                    && is_inverse(&number(&other.coefficient), &product, prime.clone());
                product = product.concatenating_mul(&prime);
                fits
            })
    }

    fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, String> {
        let modulus_bits = bits(modulus);
        if !ALLOWED_BITS.contains(&modulus_bits) {
            return Err(format!(
                "has an RSA key with {modulus_bits} bits; {ALLOWED_KEYS}"
            ));
        }
        let exponent_bits = bits(exponent);
        if exponent_bits > MAX_EXPONENT_BITS {
            return Err(format!(
                "has an RSA key with a public exponent of {exponent_bits} bits; allowed are at most {MAX_EXPONENT_BITS}"
            ));
        }
        let modulus = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option();
        // Odd and larger than one (RFC 8017, 3.1).
        let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
        let (Some(modulus), true, true) = (modulus, odd, exponent_bits > 1) else {
            return Err("has an RSA key with impossible numbers: modulus and public exponent are odd, and the exponent is at least 3".to_owned());
        };
        let exponent = BoxedUint::from_be_slice_vartime(exponent);
        Ok(Self { modulus, exponent })
    }

    /// The length of the modulus.
    pub(super) fn bits(&self) -> u32 {
        self.modulus.as_ref().bits_vartime()
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2): what was signed is compared whole, never parsed.
    pub(super) fn verifies_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        // DigestInfo of each hash (RFC 8017, 9.2, note 1); the digest follows.
        let info = |hash: u8, length: u8| {
            let oid = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash];
            let head = [0x30, length + 17, 0x30, 0x0d, 0x06, 0x09];
            [&head[..], &oid, &[0x05, 0x00, 0x04, length]].concat()
        };
        let info = match hash {
            Hash::Sha256 => info(1, 32),
            Hash::Sha384 => info(2, 48),
            Hash::Sha512 => info(3, 64),
        };
        let Some(encoded) = self.open(signature) else {
            return false;
        };
        let padding = encoded.len() - info.len() - digest.len() - 3;
        encoded == [&[0, 1], &vec![0xff; padding][..], &[0], &info, digest].concat()
    }

    /// RSASSA-PSS (RFC 8017, 8.1.2 and 9.1.2) with MGF1 on the same hash
    /// and a salt as long as the hash.
    pub(super) fn verifies_pss(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        let Some(encoded) = self.open(signature) else {
            return false;
        };
        // The encoded message has one bit less than the modulus.
        let bits = self.bits() as usize - 1;
        let (unused, encoded) = encoded.split_at(encoded.len() - bits.div_ceil(8));
        let Some((0xbc, encoded)) = encoded.split_last() else {
            return false;
        };
        let Some(split) = encoded.len().checked_sub(digest.len()) else {
            return false;
        };
        let (masked, tag) = encoded.split_at(split);
        let mut block: Vec<u8> = masked
            .iter()
            .zip(mgf1(hash, tag, split))
            .map(|(a, b)| a ^ b)
            .collect();
        let top = 0xff >> (encoded.len() * 8 + 8 - bits);
        if unused.iter().any(|byte| *byte != 0) || masked[0] & !top != 0 {
            return false;
        }
        block[0] &= top;
        let Some(zeros) = block.len().checked_sub(digest.len() + 1) else {
            return false;
        };
        let (padding, salt) = block.split_at(zeros + 1);
        let expected = hash.digest(&[&[0; 8], digest, salt].concat());
        padding[..zeros].iter().all(|byte| *byte == 0) && padding[zeros] == 1 && tag == expected
    }

    /// The signature to the power of the exponent, as long as the modulus.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let length = self.bits().div_ceil(8) as usize;
        if signature.len() != length {
            return None;
        }
        let number = widened(signature, self.bits());
        if number >= *self.modulus.as_ref() {
            return None;
        }
        let params = BoxedMontyParams::new_vartime(self.modulus.clone());
        let opened = BoxedMontyForm::new(number, &params)
            .pow(&self.exponent)
            .retrieve();
        let bytes = opened.to_be_bytes();
        Some(bytes[bytes.len() - length..].to_vec())
    }
}

/// The length of a number that is written without zeros before it, as DER has it.
fn bits(bytes: &[u8]) -> usize {
    let unused = bytes.first().map_or(0, |first| first.leading_zeros());
    bytes.len() * 8 - unused as usize
}

/// A number with the precision that a modulus of that many bits has.
fn widened(bytes: &[u8], bits: u32) -> BoxedUint {
    BoxedUint::from_be_slice_truncated(bytes, bits.next_multiple_of(64))
}

/// The mask generation function (RFC 8017, B.2.1).
fn mgf1(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask
}
