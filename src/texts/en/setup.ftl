### The settings of mail programs.

page-setup-imap = To receive (IMAP)
page-setup-pop3 = To receive (POP3)
page-setup-submission = To send (SMTP)
page-setup-server = { $host }, port { $port }, { $security }
page-setup-password = The authentication method is “normal password”; username and password are the same for receiving and for sending. Where something is there twice, choose the first.
page-setup-profile = Download the profile for iPhone, iPad and Mac
page-setup-ask = For the names of the servers and the ports, ask whoever runs the service.
