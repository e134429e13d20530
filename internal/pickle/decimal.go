package pickle

import "strings"

// validDecimal reports whether s is the text of a decimal number as Python prints it: digits with at
// most one point, an exponent, a sign, or one of Infinity, NaN and sNaN, the last two with digits.
func validDecimal(s string) bool {
	s = withoutSign(strings.ToLower(s))
	if s == "inf" || s == "infinity" {
		return true
	}
	if nan, ok := strings.CutPrefix(strings.TrimPrefix(s, "s"), "nan"); ok {
		return onlyDigits(nan)
	}
	coefficient, exponent, scaled := strings.Cut(s, "e")
	if scaled {
		exponent = withoutSign(exponent)
		if exponent == "" || len(exponent) > maxExponentDigits || !onlyDigits(exponent) {
			return false
		}
	}
	whole, fraction, _ := strings.Cut(coefficient, ".")
	return whole+fraction != "" && onlyDigits(whole) && onlyDigits(fraction)
}

// maxExponentDigits is how many digits the exponents have that Python's decimals can have.
const maxExponentDigits = 18

func withoutSign(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:]
	}
	return s
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
