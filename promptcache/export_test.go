package promptcache

// Trusted is whose symbolic links are followed.
var Trusted = trusted
