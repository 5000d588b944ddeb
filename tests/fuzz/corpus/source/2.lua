return ('x'):rep(10):gsub('.-', '%0')
