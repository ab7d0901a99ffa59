<?php

/**
 * Roundcube for delegates: people who log in as `username/mailbox@domain` and share the mailbox of that address.
 *
 * - Their identity is the mailbox's address. (Roundcube takes the whole login for it, which is nobody's address.)
 * - What is not sent is explained in delega's words, or the mail server's.
 * - Whoever delega lets in no more, such as when a login with a code behind the password has come to its end, is asked to log
 *   in, and not shown an empty mailbox.
 * - Whoever may only read is not offered what delega would refuse, and what they open is not marked as read.
 */
class delega extends rcube_plugin
{
    /** What changes a mailbox, or needs to. Whoever may send may write, so whoever may not write may not send. */
    private const WRITING = [
        'mail.compose', 'mail.reply', 'mail.reply-all', 'mail.reply-list', 'mail.forward', 'mail.forward-inline',
        'mail.forward-attachment', 'mail.bounce', 'mail.edit', 'mail.delete', 'mail.move', 'mail.copy', 'mail.mark',
        'mail.markmenulink', 'mail.mark-all-read', 'mail.expunge', 'mail.purge', 'mail.import-messages', 'settings.folders',
        'settings.responses', 'compose',
    ];

    /** What shows the mailbox. */
    private const SHOWING = ['', 'list', 'refresh', 'check-recent', 'getunread', 'search', 'show', 'preview'];

    /** What delega says to whom it does not let in. */
    private const OUT = 'Name or password not accepted';

    /** What is said before the answer of the server for sending: Roundcube's own words are for whoever runs it. */
    private const NOT_SENT = [
        'it' => 'Messaggio non inviato.',
        'en' => 'The message was not sent.',
    ];

    public function init()
    {
        $this->add_hook('identity_create', [$this, 'identity']);
        $this->add_hook('ready', [$this, 'rights']);
    }

    /** At the first login an identity is made. */
    public function identity($made)
    {
        $login = $made['record']['email'] ?? '';
        $slash = strpos($login, '/');

        if (!empty($made['login']) && $slash !== false) {
            $made['record']['email'] = substr($login, $slash + 1);
            // Else it would be the login
            $made['record']['name'] = '';
        }

        return $made;
    }

    /** On each page: what the person may do now. Requests of the page's scripts go by what the page was told. */
    public function rights($request)
    {
        $rcmail = rcmail::get_instance();
        $not_sent = self::NOT_SENT[substr($_SESSION['language'] ?? '', 0, 2)] ?? self::NOT_SENT['en'];
        $rcmail->load_language(null, [], [
            'smtpfromerror' => $not_sent . ' $msg',
            'smtptoerror' => $not_sent . ' $to: $msg',
            'smtperror' => $not_sent . ' $msg',
        ]);

        if ($request['task'] === 'mail' && in_array((string) $request['action'], self::SHOWING)) {
            $storage = $rcmail->get_storage();

            if (!$storage->check_connection() && strpos((string) $storage->get_error_str(), self::OUT) !== false) {
                $rcmail->kill_session();
                $again = ['_task' => 'login', '_err' => 'session'];

                if ($rcmail->output->ajax_call || $rcmail->output->get_env('framed')) {
                    $rcmail->output->command('session_error', $rcmail->url($again));
                    $rcmail->output->send('iframe');
                }

                $rcmail->output->redirect($again);
            }
        }

        if (!$rcmail->output->ajax_call && $request['task'] === 'mail' || !isset($_SESSION['delega_may_write'])) {
            $rights = $rcmail->get_storage()->my_rights('INBOX');
            // Without an answer nothing is hidden: what may not be is refused by delega, whatever is shown here
            $_SESSION['delega_may_write'] = !is_array($rights) || in_array('w', $rights);
        }

        if (!$_SESSION['delega_may_write']) {
            $rcmail->config->set('mail_read_time', -1);
            $rcmail->config->set('mdn_requests', 2);

            $writes = in_array($request['task'] . '.' . $request['action'], self::WRITING);

            if ($writes) {
                // By dragging, say, or by an address in a message; Roundcube has these words in every language
                $rcmail->output->show_message('errorreadonly', 'error');
            }

            if (!$rcmail->output->ajax_call) {
                $disabled = (array) $rcmail->config->get('disabled_actions');
                $rcmail->config->set('disabled_actions', array_merge($disabled, self::WRITING));
                $this->include_stylesheet('reader.css');

                if ($writes) {
                    // The list, or the settings, with the message in the corner
                    $rcmail->overwrite_action('');
                    $request['action'] = '';
                }
            } elseif ($writes) {
                // The page may show it as done already
                $rcmail->output->command('list_mailbox');
                $rcmail->output->send();
            }
        }

        return $request;
    }
}
