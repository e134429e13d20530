package redisurl

import "regexp"

var (
	// userInValue matches the part of a URL that may hold a password, up to the last @: a password may have one.
	userInValue = regexp.MustCompile(`://.*@`)

	// userInMessage matches the same where there may be more than one URL, so that it ends with the word.
	userInMessage = regexp.MustCompile(`://[^\s"'\x60]*@`)
)

// HideUser masks the user part of the URL that value is or holds, which may stand by mistake where none belongs.
func HideUser(value string) string { return userInValue.ReplaceAllString(value, "://***@") }

// HideUsers masks the user parts of all URLs in a message.
func HideUsers(message string) string { return userInMessage.ReplaceAllString(message, "://***@") }
