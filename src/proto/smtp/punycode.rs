//! Punycode (RFC 3492), the one direction that is needed: from the ASCII of an internationalized label to its characters.
//!
//! The labels that are decoded are those of the operator's own addresses (RFC 5891: an A-label and its U-label stand for
//! each other, one to one), so a client's U-label is compared and never converted. No table of characters is needed for
//! that, and what is not written in the normal form is simply another address.

/// The characters of a label's part behind `xn--`; none where it is not well formed.
///
/// RFC 3492 §6.2, with the parameters of §5.
pub fn decode(input: &str) -> Option<String> {
    const BASE: u32 = 36;
    let (mut output, extended): (Vec<char>, &str) = match input.rsplit_once('-') {
        Some((basic, extended)) => (basic.chars().collect(), extended),
        None => (Vec::new(), input),
    };
    let (mut n, mut i, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let old = i;
        let mut weight = 1_u32;
        let mut k = BASE;
        loop {
            let digit = match digits.next()? {
                letter @ b'a'..=b'z' => u32::from(letter - b'a'),
                letter @ b'A'..=b'Z' => u32::from(letter - b'A'),
                number @ b'0'..=b'9' => u32::from(number - b'0') + 26,
                _ => return None,
            };
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let length = u32::try_from(output.len()).ok()?.checked_add(1)?;
        bias = adapted(i - old, length, old == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        output.insert(usize::try_from(i).ok()?, char::from_u32(n)?);
        i += 1;
    }
    Some(output.into_iter().collect())
}

/// RFC 3492 §6.1
fn adapted(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3492_examples() {
        for (encoded, text) in [
            // §7.1 (A), (B), (L), (R), and the examples of RFC 5891 and of the registries
            ("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"),
            ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
            ("3B-ww4c5e180e575a65lsy2b", "3年B組金八先生"),
            ("de-jg4avhby1noc0d", "パフィーdeルンバ"),
            ("mnchen-3ya", "münchen"),
            ("citt-3na", "città"),
            ("tda", "ü"),
        ] {
            assert_eq!(decode(encoded).as_deref(), Some(text));
        }
        assert_eq!(decode("mnchen-3y"), None);
        assert_eq!(decode("99999999999"), None);
        assert_eq!(decode("ü"), None);
    }
}
